/** What of a codec decides whether it is offered. */
type Codec = Readonly<{ mimeType: string }>;

/**
 * The codecs that this version's rooms speak, of those a browser has: Opus, or
 * VP8 with its retransmission. SDP costs m-lines times codecs, so a short list
 * is what keeps a join quick. Empty when the browser has none of them.
 */
export function roomCodecs<T extends Codec>(kind: 'audio' | 'video', codecs: readonly T[]): T[] {
	const wanted = kind === 'audio' ? ['audio/opus'] : ['video/vp8', 'video/rtx'];
	const kept = codecs.filter((codec) => wanted.includes(codec.mimeType.toLowerCase()));
	return kept.some((codec) => codec.mimeType.toLowerCase() === wanted[0]) ? kept : [];
}
