import { describe, expect, it } from 'vitest';
import type { Seat } from './protocol.gen';
import { applySeats, atOrAfter, frameSeen, freeSeats, growSeats, hiddenBetween, seatOf } from './seats';
import type { SeatTable } from './seats';

const seats = (...rows: Omit<Seat, 'seat'>[]) => ({ epoch: 1, seats: rows.map((row, seat) => ({ seat, ...row })) });
const ann = { participant: 'p1', source: 'camera', video: true } as const;
const bob = { participant: 'p2', source: 'camera', video: true } as const;
const visible = (table: SeatTable) => table.map((seat) => seat.visible);

/** The starts every test of timestamps runs from: the middle, and both sides of each wraparound. */
const starts = [0, 1, 90_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 90_000];
const add = (timestamp: number, ticks: number) => (timestamp + ticks) >>> 0;

describe('atOrAfter', () => {
	it.each(starts)('compares around %i', (at) => {
		expect(atOrAfter(at, at)).toBe(true);
		expect(atOrAfter(add(at, 1), at)).toBe(true);
		expect(atOrAfter(add(at, -1), at)).toBe(false);
		expect(atOrAfter(add(at, 2 ** 31 - 1), at)).toBe(true);
		expect(atOrAfter(add(at, 2 ** 31), at)).toBe(false);
	});
});

describe('a seat', () => {
	it.each(starts)('shows from the first frame at %i and none before', (from) => {
		let table = applySeats(freeSeats(1), seats({ ...ann, from }));
		expect(visible(table)).toEqual([false]);
		table = frameSeen(table, 0, add(from, -3000));
		expect(visible(table)).toEqual([false]);
		table = frameSeen(table, 0, from);
		expect(visible(table)).toEqual([true]);
	});

	it('hides at once when its occupant changes, and shows the next one from its own first frame', () => {
		let table = frameSeen(applySeats(freeSeats(1), seats({ ...ann, from: 1000 })), 0, 1000);
		const before = table;
		table = applySeats(table, seats(bob));
		expect(hiddenBetween(before, table)).toEqual([0]);
		table = frameSeen(table, 0, 4000); // still Ann, out of the jitter buffer
		expect(visible(table)).toEqual([false]);
		table = applySeats(table, seats({ ...bob, from: 7000 }));
		expect(visible(table)).toEqual([false]);
		table = frameSeen(table, 0, 7000);
		expect(visible(table)).toEqual([true]);
	});

	it('hides when the same participant changes from camera to screen', () => {
		const table = frameSeen(applySeats(freeSeats(1), seats({ ...ann, from: 5 })), 0, 5);
		expect(visible(applySeats(table, seats({ ...ann, source: 'screen' })))).toEqual([false]);
	});

	it('shows at once when the frame came before the message that names its timestamp', () => {
		let table = applySeats(freeSeats(1), seats(ann));
		table = frameSeen(table, 0, 9000);
		expect(visible(table)).toEqual([false]);
		expect(visible(applySeats(table, seats({ ...ann, from: 9000 })))).toEqual([true]);
	});

	it('does not take the last frame of the one before for the first of the next', () => {
		let table = frameSeen(applySeats(freeSeats(1), seats({ ...ann, from: 0 })), 0, 2 ** 31 + 10);
		table = applySeats(table, seats({ ...bob, from: 5 })); // Ann's last would count as after 5
		expect(visible(table)).toEqual([false]);
		expect(visible(applySeats(table, seats({ ...bob, from: 5 })))).toEqual([false]);
	});

	it('stays when nothing about it changed, also without from', () => {
		const table = frameSeen(applySeats(freeSeats(1), seats({ ...ann, from: 5 })), 0, 6);
		expect(visible(applySeats(table, seats(ann)))).toEqual([true]);
	});

	it('hides while the camera is off and waits for a new frame after it is on', () => {
		let table = frameSeen(applySeats(freeSeats(1), seats({ ...ann, from: 5 })), 0, 6);
		table = applySeats(table, seats({ ...ann, video: false, from: 5 }));
		expect(visible(table)).toEqual([false]);
		table = applySeats(table, seats({ ...ann, from: 5 }));
		expect(visible(table)).toEqual([false]);
		expect(visible(frameSeen(table, 0, 90_000))).toEqual([true]);
	});

	it('stays visible past half the timestamp circle', () => {
		let table = frameSeen(applySeats(freeSeats(1), seats({ ...ann, from: 5 })), 0, 5);
		table = frameSeen(table, 0, add(5, 2 ** 31 + 1));
		expect(visible(table)).toEqual([true]);
	});

	it('becomes free when the message leaves it out or names nobody', () => {
		const table = frameSeen(applySeats(freeSeats(2), seats({ ...ann, from: 5 }, { ...bob, from: 5 })), 0, 5);
		const next = applySeats(table, seats({ video: false, participant: '' }));
		expect(next.map(({ participant, visible: seen }) => [participant, seen])).toEqual([
			[undefined, false],
			[undefined, false],
		]);
	});

	it('keeps what it shows when the table grows', () => {
		const table = frameSeen(applySeats(freeSeats(1), seats({ ...ann, from: 5 })), 0, 5);
		expect(visible(growSeats(table, 3))).toEqual([true, false, false]);
		expect(growSeats(table, 0)).toHaveLength(1);
	});

	it('is found by who sits there', () => {
		const table = applySeats(freeSeats(2), seats(ann, { ...ann, source: 'screen' }));
		expect([seatOf(table, 'p1', 'screen'), seatOf(table, 'p2', 'camera')]).toEqual([1, undefined]);
	});
});

/** A small generator of pseudo-random numbers (mulberry32), so that a failure can be repeated from its seed. */
function random(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
}

describe('whatever the order of messages and frames', () => {
	it.each(starts.flatMap((start) => [1, 2, 3].map((seed) => [start, seed] as const)))(
		'no frame shows under another name (start %i, seed %i)',
		(start, seed) => {
			const dice = random(seed);
			let clock = start;
			let table = freeSeats(1);
			let shown = 0;
			let occupant = 0; // who the server says sits here
			const wire: { timestamp: number; owner: number }[] = []; // frames in the jitter buffer
			let from: number | undefined;
			for (let step = 0; step < 3000; step++) {
				clock = add(clock, 3000);
				const throwOf = dice(60);
				if (throwOf === 0) {
					occupant += 1; // the page answers seated at once, so the server may switch at its next frame
					from = undefined;
					table = applySeats(table, seats({ participant: `p${occupant}`, source: 'camera', video: true }));
				} else if (throwOf < 4 && from !== undefined) {
					table = applySeats(table, seats({ participant: `p${occupant}`, source: 'camera', video: true, from }));
				} else if (throwOf < 28) {
					from ??= clock;
					wire.push({ timestamp: clock, owner: occupant });
				} else {
					const frame = wire.shift();
					if (frame === undefined) continue;
					table = frameSeen(table, 0, frame.timestamp);
					if (table[0]?.visible !== true) continue;
					shown += 1;
					expect(`p${frame.owner}`).toBe(table[0].participant);
				}
			}
			expect(shown).toBeGreaterThan(50);
		},
	);
});
