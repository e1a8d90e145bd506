// Looks at recorded files with ffmpeg and ffprobe.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What ffprobe says of a file. */
export type Probe = Readonly<{ codecs: string[]; seconds: number; width: number; height: number }>;

/** Reads codecs and duration as the container states them. */
export async function probe(file: string): Promise<Probe> {
	const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', file]);
	const p = JSON.parse(stdout) as { format: { duration?: string }; streams: { codec_name: string; width?: number; height?: number }[] };
	return {
		codecs: p.streams.map((s) => s.codec_name),
		seconds: Number(p.format.duration ?? NaN),
		width: p.streams[0]?.width ?? 0,
		height: p.streams[0]?.height ?? 0,
	};
}

/**
 * Decodes the whole file and returns what ffmpeg complains about. Frames keep
 * the file's own clock: without -enc_time_base -1 ffmpeg guesses a constant
 * frame rate from the first second and complains of its own rounding when the
 * camera did not keep it.
 */
export async function complaints(file: string): Promise<string> {
	const { stderr } = await run('ffmpeg', ['-v', 'error', '-i', file, '-enc_time_base', '-1', '-f', 'null', '-']);
	return stderr;
}

/** Seeks and decodes one frame; returns its average colour. */
export async function colourAt(file: string, seconds: number): Promise<[number, number, number]> {
	const { stdout } = await run('ffmpeg', ['-v', 'error', '-ss', String(seconds), '-i', file, '-frames:v', '1', '-vf',
		'crop=iw/2:ih/2,scale=1:1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'], { encoding: 'buffer' });
	return [stdout[0] ?? 0, stdout[1] ?? 0, stdout[2] ?? 0];
}

/** The loudness of a stretch of sound in dB, as ffmpeg's volumedetect gives it. */
export async function loudness(file: string, from: number, length: number): Promise<number> {
	const { stderr } = await run('ffmpeg', ['-ss', String(from), '-t', String(length), '-i', file, '-af', 'volumedetect', '-f', 'null', '-']);
	return Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)?.[1] ?? NaN);
}
