import { expect, it } from 'vitest';
import { roomCodecs } from './codecs';

const of = (...types: string[]) => types.map((mimeType) => ({ mimeType }));

it.each([
	['audio', ['audio/opus', 'audio/red', 'audio/PCMU'], ['audio/opus']],
	['video', ['video/VP8', 'video/rtx', 'video/H264', 'video/red', 'video/ulpfec', 'video/AV1'], ['video/VP8', 'video/rtx']],
	['video', ['video/H264', 'video/rtx'], []],
	['audio', [], []],
] as const)('of %s %j the room speaks %j', (kind, has, want) => {
	expect(roomCodecs(kind, of(...has)).map(({ mimeType }) => mimeType)).toEqual(want);
});
