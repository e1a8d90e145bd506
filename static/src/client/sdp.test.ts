import { expect, it } from 'vitest';
import { withAudioNack, withReferenceTimes } from './sdp';

const video = 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n';
const audio = (feedback: string) => `m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\n${feedback}a=fmtp:111 useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\n`;

it('asks for lost sound in every audio section, once', () => {
	const [before, after] = [audio('a=rtcp-fb:111 transport-cc\r\n'), audio('a=rtcp-fb:111 nack\r\na=rtcp-fb:111 transport-cc\r\n')];
	expect(withAudioNack(`v=0\r\n${before}${video}${before}`)).toBe(`v=0\r\n${after}${video}${after}`);
	expect(withAudioNack(`v=0\r\n${after}`)).toBe(`v=0\r\n${after}`);
});

it('leaves an offer without Opus alone', () => {
	const other = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n';
	expect(withAudioNack(other + video)).toBe(other + video);
});

it('asks for reference times on every codec of pictures, once', () => {
	const two = 'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=rtpmap:98 VP9/90000\r\n';
	const asked = 'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 rrtr\r\na=rtpmap:97 rtx/90000\r\na=rtpmap:98 VP9/90000\r\na=rtcp-fb:98 rrtr\r\n';
	expect(withReferenceTimes(audio('') + two)).toBe(audio('') + asked);
	expect(withReferenceTimes(asked)).toBe(asked);
});
