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

/** What happened, what it means and what to do, in two or three sentences. */
export function explainProblem(problem: DeviceProblem, device: 'microphone' | 'camera' | 'microphone and camera'): string {
	const both = device === 'microphone and camera';
	const [it, one] = both ? ['them', 'them'] : ['it', 'one'];
	const without = { microphone: 'Others can’t hear you.', camera: 'Others can’t see you.', 'microphone and camera': 'Others can’t see or hear you.' }[device];
	switch (problem) {
		case 'denied':
			return `The browser blocks your ${device}. ${without} Allow ${it} with the icon beside the address, then turn ${it} on again.`;
		case 'not_found':
			return `No ${device} found. ${without} Connect ${one}, then turn ${it} on.`;
		case 'in_use':
			return `Your ${device} ${both ? 'are' : 'is'} used by another program. ${without} Close that program, then turn ${it} on again.`;
		case 'insecure':
			return `Browsers share ${both ? '' : 'a '}${device} only with pages opened over https. ${without} Open this address with https.`;
		case 'unsupported':
			return `This browser can’t use ${both ? '' : 'a '}${device}. ${without} Try a current Chrome, Edge, Firefox or Safari.`;
		case 'failed':
			return `Your ${device} did not start. ${without} Choose another device, or try again.`;
	}
}
