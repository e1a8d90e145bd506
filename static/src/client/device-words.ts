/** Why a microphone, camera or screen can't be used. */
export type DeviceProblem = 'denied' | 'not_found' | 'in_use' | 'insecure' | 'unsupported' | 'failed';

/** What an error of getUserMedia or getDisplayMedia means. */
export function problemOf(error: unknown): DeviceProblem {
	const name = error instanceof Error || error instanceof DOMException ? error.name : '';
	switch (name) {
		case 'NotAllowedError':
		case 'SecurityError':
			return 'denied';
		case 'NotFoundError':
		case 'OverconstrainedError':
			return 'not_found';
		case 'NotReadableError':
		case 'AbortError':
			return 'in_use';
		default:
			return 'failed';
	}
}
