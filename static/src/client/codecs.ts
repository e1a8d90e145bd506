import type { VideoCodec } from './protocol.gen';

/** What of a codec decides whether it is offered. */
type Codec = Readonly<{ mimeType: string; sdpFmtpLine?: string | undefined }>;

/** What an m-line is for: its direction, and whether it carries a voice, which is worth sending twice. */
export type Use = 'send' | 'send-voice' | 'receive';

/** The formats of pictures, the one sent unless the server says otherwise first. */
export const VIDEO_CODECS = ['vp8', 'h264', 'vp9', 'av1'] as const satisfies readonly VideoCodec[];

/**
 * The codecs that rooms speak, of those a browser has: Opus, with or without
 * copies of what went before, and one profile of each format of pictures, with
 * their retransmission. SDP costs m-lines times codecs, so a short list is what
 * keeps a join quick, and those the server does not agree on are left out. Empty
 * when the browser has none of them.
 */
export function roomCodecs<T extends Codec>(kind: 'audio' | 'video', use: Use, codecs: readonly T[], agreed: readonly VideoCodec[] = VIDEO_CODECS): T[] {
	const of = (mimeType: string, fits: (fmtp: ReadonlyMap<string, string>) => boolean = () => true) =>
		codecs.filter((codec) => codec.mimeType.toLowerCase() === mimeType && fits(parametersOf(codec))).slice(0, 1);
	if (kind === 'audio') {
		const opus = of('audio/opus');
		const red = opus.length > 0 ? of('audio/red') : [];
		if (use === 'send') return opus;
		return use === 'send-voice' ? [...red, ...opus] : [...opus, ...red];
	}
	const pictures = [
		...of('video/vp8'),
		...of('video/h264', (fmtp) => fmtp.get('packetization-mode') === '1' && fmtp.get('profile-level-id')?.toLowerCase() === '42e01f'),
		...of('video/vp9', (fmtp) => (fmtp.get('profile-id') ?? '0') === '0'),
		...of('video/av1', (fmtp) => (fmtp.get('profile') ?? '0') === '0'),
	].filter((codec) => agreed.some((name) => codecNamed([codec], name) !== undefined));
	return pictures.length > 0 ? [...pictures, ...of('video/rtx')] : [];
}

/** The codec of a sender's parameters that a word of the server means. */
export function codecNamed<T extends Codec>(codecs: readonly T[], name: VideoCodec): T | undefined {
	return codecs.find(({ mimeType }) => mimeType.toLowerCase() === `video/${name}`);
}

/** The codecs with the one that a word of the server means first. */
export function putFirst<T extends Codec>(codecs: readonly T[], name: VideoCodec): T[] {
	const first = codecNamed(codecs, name);
	return first === undefined ? [...codecs] : [first, ...codecs.filter((codec) => codec !== first)];
}

function parametersOf({ sdpFmtpLine = '' }: Codec): ReadonlyMap<string, string> {
	return new Map(sdpFmtpLine.split(';').map((part) => {
		const [key = '', value = ''] = part.split('=', 2);
		return [key.trim(), value.trim()] as const;
	}));
}
