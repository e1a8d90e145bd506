import { describe, expect, it } from 'vitest';
import { look, newWatch, restarted } from './watchdog';
import type { Pulse, Watch } from './watchdog';

const pulse = (at: number, more: Partial<Pulse> = {}): Pulse => ({ at, state: 'connected', bytesReceived: at, expected: true, ...more });

/** The times at which the watchdog restarts, looking once a second. */
function restarts(pulses: readonly Pulse[], start: Watch = newWatch(0)): number[] {
	let watch = start;
	return pulses.flatMap((one) => {
		const seen = look(watch, one);
		watch = seen.watch;
		return seen.restart ? [one.at] : [];
	});
}

const seconds = (count: number, of: (at: number) => Pulse) => Array.from({ length: count }, (_, index) => of((index + 1) * 1000));

describe('look', () => {
	it('leaves a connection alone that receives', () => {
		expect(restarts(seconds(60, (at) => pulse(at)))).toEqual([]);
	});

	it('leaves a silent connection alone when nothing is expected', () => {
		expect(restarts(seconds(60, (at) => pulse(at, { bytesReceived: 7, expected: false })))).toEqual([]);
	});

	it('counts silence from the last packet, when the browser tells of it', () => {
		const last = 3400;
		const looks = [1000, 2000, 3000, 4000, 4650, 4900, 5150].map((at) => pulse(at, { bytesReceived: Math.min(at, last), silentMs: Math.max(0, at - last) }));
		expect(restarts(looks)).toEqual([4900]);
	});

	it('takes the reports on a still screen for a sign of life', () => {
		const looks = Array.from({ length: 80 }, (_, index) => (index + 1) * 250).map((at) => pulse(at, { bytesReceived: Math.floor(at / 1000), silentMs: at }));
		expect(restarts(looks)).toEqual([]);
	});

	it('takes late reports on what is sent for a sign of life, and their end for silence', () => {
		const reports = [900, 2100, 2900, 4000];
		const looks = Array.from({ length: 13 }, (_, index) => (index + 1) * 500).map((at) => pulse(at, { bytesReceived: reports.filter((one) => one <= at).length }));
		expect(restarts(looks)).toEqual([5500]);
	});

	it('restarts after two silent seconds', () => {
		expect(restarts(seconds(6, (at) => pulse(at, { bytesReceived: Math.min(at, 3000) })))).toEqual([5000]);
	});

	it('restarts at once when disconnected or failed', () => {
		expect(restarts([pulse(1000), pulse(2000, { state: 'disconnected' })])).toEqual([2000]);
		expect(restarts([pulse(1000), pulse(2000, { state: 'failed' })])).toEqual([2000]);
	});

	it('does not restart before it was ever connected', () => {
		expect(restarts(seconds(9, (at) => pulse(at, { state: 'connecting', bytesReceived: 0 })))).toEqual([]);
	});

	it('tries less and less often while it does not help', () => {
		expect(restarts(seconds(60, (at) => pulse(at, { state: 'disconnected', bytesReceived: 1 })))).toEqual([1000, 3000, 7000, 15_000, 30_000, 45_000, 60_000]);
	});

	it('starts counting anew once it helped', () => {
		const tired = restarted(restarted(newWatch(0), 0), 0);
		expect(look(tired, pulse(9000)).watch.restarts).toBe(0);
	});
});
