import { describe, expect, it } from 'vitest';
import { codecNamed, putFirst, roomCodecs } from './codecs';

const of = (...types: string[]) =>
	types.map((type) => {
		const [mimeType = '', ...rest] = type.split(' ');
		return { mimeType, sdpFmtpLine: rest.join(' ') };
	});

const CHROMIUM = of(
	'video/VP8', 'video/rtx', 'video/VP9 profile-id=0', 'video/VP9 profile-id=2',
	'video/H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
	'video/H264 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f',
	'video/H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
	'video/AV1 level-idx=5;profile=0;tier=0', 'video/red', 'video/ulpfec',
);

describe('of all codecs the room speaks', () => {
	it.each([
		['audio', 'send-voice', of('audio/opus', 'audio/red', 'audio/PCMU'), ['audio/red', 'audio/opus']],
		['audio', 'send', of('audio/opus', 'audio/red'), ['audio/opus']],
		['audio', 'receive', of('audio/red', 'audio/opus'), ['audio/opus', 'audio/red']],
		['audio', 'receive', of('audio/red'), []],
		['audio', 'receive', [], []],
		['video', 'send', CHROMIUM, ['video/VP8', 'video/H264', 'video/VP9', 'video/AV1', 'video/rtx']],
		['video', 'receive', of('video/VP8', 'video/rtx'), ['video/VP8', 'video/rtx']],
		['video', 'receive', of('video/rtx', 'video/H265'), []],
	] as const)('%s to %s', (kind, use, has, want) => {
		expect(roomCodecs(kind, use, has).map(({ mimeType }) => mimeType)).toEqual(want);
	});

	it('those the server agrees on', () => {
		const types = (...agreed: ('vp8' | 'vp9' | 'h264')[]) => roomCodecs('video', 'receive', CHROMIUM, agreed).map(({ mimeType }) => mimeType);
		expect(types('vp8')).toEqual(['video/VP8', 'video/rtx']);
		expect(types('vp9', 'vp8')).toEqual(['video/VP8', 'video/VP9', 'video/rtx']);
		expect(types()).toEqual([]);
	});

	it('in the profiles that all browsers share', () => {
		expect(roomCodecs('video', 'send', CHROMIUM).map(({ sdpFmtpLine }) => sdpFmtpLine)).toEqual([
			'', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f', 'profile-id=0', 'level-idx=5;profile=0;tier=0', '',
		]);
	});
});

it('a codec is found by its name, and put first', () => {
	const codecs = of('video/VP8', 'video/VP9', 'video/rtx');
	expect(codecNamed(codecs, 'vp9')?.mimeType).toBe('video/VP9');
	expect(codecNamed(codecs, 'av1')).toBeUndefined();
	expect(putFirst(codecs, 'vp9').map(({ mimeType }) => mimeType)).toEqual(['video/VP9', 'video/VP8', 'video/rtx']);
	expect(putFirst(codecs, 'h264')).toEqual(codecs);
});
