/** A stretch of a WebVTT file, in microseconds, with who says it ("" when the file does not tell). */
export type Cue = Readonly<{ from: number; to: number; voice: string; text: string }>;

/** The cues of a WebVTT file, in order. What is no cue is passed over. */
export function parseVtt(source: string): readonly Cue[] {
	return source
		.replaceAll(/\r\n?/g, '\n')
		.split(/\n{2,}/)
		.flatMap((block): Cue[] => {
			const lines = block.split('\n');
			const at = lines.findIndex((line) => line.includes('-->'));
			const times = /^\s*([\d:.]+)\s+-->\s+([\d:.]+)/.exec(lines[at] ?? '');
			const [from, to] = [parseStamp(times?.[1] ?? ''), parseStamp(times?.[2] ?? '')];
			if (from === null || to === null) return [];
			const text = lines.slice(at + 1).join('\n');
			const voice = /^<v(?:\.[^\s>]*)?\s+([^>]*)>/.exec(text)?.[1] ?? '';
			return [{ from, to, voice: plain(voice), text: plain(text.replaceAll(/<[^>]*>/g, '')) }];
		});
}

/** "01:02:03.456" or "02:03.456" in microseconds; null when it is neither. */
function parseStamp(stamp: string): number | null {
	const match = /^(?:(\d{2,}):)?(\d{2}):(\d{2})\.(\d{3})$/.exec(stamp);
	if (match === null) return null;
	const [hours, minutes, seconds, ms] = match.slice(1).map((part: string | undefined) => Number(part ?? '0'));
	return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000_000 + (ms ?? 0) * 1000;
}

function plain(text: string): string {
	return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').trim();
}

/** The last cue that has begun at a moment; -1 before the first. */
export function cueAt(cues: readonly Readonly<{ from: number }>[], us: number): number {
	return cues.findLastIndex(({ from }) => from <= us);
}
