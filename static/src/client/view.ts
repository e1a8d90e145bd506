import type { Tile } from './protocol.gen';

/** What a tile shows of a participant. */
export type TileSource = 'camera' | 'screen';

/** A tile of the stage that shows a picture of somebody else, most wanted first. */
export type VisibleTile = Readonly<{ participant: string; source: TileSource; cssHeight: number }>;

/** Heights are rounded up to this many device pixels, so that dragging a window edge sends no message per pixel. */
const STEP = 30;

/** How long the stage must rest before the server hears of it, in milliseconds. */
const REST_MS = 100;

/** What to tell the server about the tiles on screen. A screen share comes before faces, each tile is named once. */
export function viewOf(tiles: readonly VisibleTile[], pixelRatio: number): Tile[] {
	const seen = new Set<string>();
	return [...tiles]
		.sort((a, b) => Number(b.source === 'screen') - Number(a.source === 'screen'))
		.filter(({ participant, source, cssHeight }) => {
			const key = `${source} ${participant}`;
			if (cssHeight <= 0 || seen.has(key)) return false;
			seen.add(key);
			return true;
		})
		.map(({ participant, source, cssHeight }) => ({
			participant,
			source,
			height: Math.ceil((cssHeight * pixelRatio) / STEP) * STEP,
		}));
}

/** True when both say the same in the same order. */
export function sameView(a: readonly Tile[], b: readonly Tile[]): boolean {
	return (
		a.length === b.length &&
		a.every((tile, index) => {
			const other = b[index];
			return other?.participant === tile.participant && other.source === tile.source && other.height === tile.height;
		})
	);
}

/** The most seats the server gives one participant. */
export const MOST_SEATS = 49;

/**
 * How many seats a connection that has current should have to serve tiles, and
 * audible voices that have no tile: it grows by doubling, to most at most.
 */
export function seatsWanted(current: number, tiles: number, unseenVoices: number, most: number = MOST_SEATS): number {
	let wanted = Math.max(1, current);
	while (wanted < tiles + unseenVoices && wanted < most) wanted = Math.min(most, wanted * 2);
	return wanted;
}

/** Sends the view when it has rested and differs from the one sent last. The last one wins. */
export type ViewSender = Readonly<{
	set: (tiles: Tile[]) => void;
	/** Begins anew on a server that knows of no tiles: the next view goes out without rest. */
	renew: () => void;
}>;

/** Returns a sender that calls send until signal aborts. */
export function createViewSender(send: (tiles: Tile[]) => void, signal: AbortSignal): ViewSender {
	let sent: Tile[] = [];
	let wanted: Tile[] = [];
	let rest = REST_MS;
	let timer: ReturnType<typeof setTimeout> | undefined;
	const flush = () => {
		if (sameView(sent, wanted)) return;
		rest = REST_MS;
		sent = wanted;
		send(wanted);
	};
	signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
	return {
		set: (tiles) => {
			if (signal.aborted || sameView(tiles, wanted)) return;
			wanted = tiles;
			clearTimeout(timer);
			timer = setTimeout(flush, rest);
		},
		renew: () => {
			clearTimeout(timer);
			sent = wanted = [];
			rest = 0;
		},
	};
}
