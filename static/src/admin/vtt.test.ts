import { describe, expect, it } from 'vitest';
import { cueAt, parseVtt } from './vtt';

const file = `WEBVTT

NOTE Weekly --> x

00:00:00.000 --> 00:01:05.250
Start

00:01:05.250 --> 01:00:00.000
<v Ann &lt;b&gt;>Tom &amp; Jerry
two lines</v>

bad --> worse
nothing

00:99 --> 00:01
`;

describe('WebVTT', () => {
	it('gives its cues with their voices, and passes over the rest', () => {
		expect(parseVtt(file)).toEqual([
			{ from: 0, to: 65_250_000, voice: '', text: 'Start' },
			{ from: 65_250_000, to: 3_600_000_000, voice: 'Ann <b>', text: 'Tom & Jerry\ntwo lines' },
		]);
		expect(parseVtt(file.replaceAll('\n', '\r\n'))).toHaveLength(2);
		expect(parseVtt('')).toEqual([]);
	});

	it('knows which cue a moment is in', () => {
		const cues = parseVtt(file);
		expect([0, 65_249_999, 65_250_000, 9e9].map((us) => cueAt(cues, us))).toEqual([0, 0, 1, 1]);
		expect(cueAt(cues.slice(1), 5)).toBe(-1);
	});
});
