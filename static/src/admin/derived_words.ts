import type { Job } from './derived_api';
import type { Recording } from './model';

/** What a job makes, in words. */
export function jobWords({ kind, options }: Pick<Job, 'kind' | 'options'>, recording: Pick<Recording, 'participants'>): string {
	switch (kind) {
		case 'participant': {
			const name = recording.participants.find(({ id }) => id === options.participant)?.name ?? options.participant;
			return options.screen ? `The screen of ${name}` : `Picture and sound of ${name}`;
		}
		case 'all':
			return 'Every track in one file';
		case 'voices':
			return 'All voices mixed';
		case 'composite':
			return `The meeting as a video${options.layout === 'speaker' ? ', who speaks' : ''}${options.format === 'mp4' ? ', MP4' : ''}`;
		case 'chapters':
			return 'Chapters';
		case 'speakers':
			return 'Who speaks when';
		case 'chat':
			return 'Chat';
		case 'peaks':
			return 'Waveforms';
		case 'sheet':
			return 'Contact sheet';
		default:
			return kind;
	}
}

/** Whether a job still waits or runs. */
export function isActive({ state }: Pick<Job, 'state'>): boolean {
	return state === 'queued' || state === 'running';
}

/** The files that play on the timeline of the whole meeting, the video first. */
export function playable(recording: Pick<Recording, 'derived'>): Recording['derived'] {
	const rank = (kind: string) => ['composite', 'voices'].indexOf(kind);
	return recording.derived.filter(({ kind, type }) => rank(kind) >= 0 && /^(video|audio)\//.test(type)).sort((a, b) => rank(a.kind) - rank(b.kind));
}

/** The first file of a kind and media type; undefined when there is none. */
export function derivedOf(recording: Pick<Recording, 'derived'>, kind: string, type: string): Recording['derived'][number] | undefined {
	return recording.derived.find((file) => file.kind === kind && file.type.startsWith(type));
}
