import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { handsUp, reactionOf, sourceOf } from '../client';
import type { Client, Meeting, Participant, VisibleTile } from '../client';
import { IconButton } from '../design';
import { useWords } from '../words';
import { arrange, pageOf } from './arrange';
import { useSize, useStore } from './hooks';
import type { Act } from './host';
import { gridOf, leastWidth, mirrored, PAGER, spotlightOf, tilesPerPage } from './layout';
import type { Rect, Size } from './layout';
import { Tile } from './tile';

export type StageProps = Readonly<{
	client: Client;
	meeting: Meeting;
	/** The track of the viewer's camera while it is on. */
	ownTrack: MediaStreamTrack | undefined;
	/** The stage is out of date: the page has lost the server or its media. */
	dimmed: boolean;
	/** Stands on the stage while the viewer is alone. */
	alone: ReactNode;
	/** What a host can do to the others; undefined for guests. */
	act: Act | undefined;
}>;

/** One tile and where it stands. */
type Placed = Readonly<{ participant: Participant; source: 'camera' | 'screen'; rect: Rect }>;

/** The pictures: a grid of everybody, or a shared screen with a strip of faces. */
export function Stage({ client, meeting, ownTrack, dimmed, alone, act }: StageProps) {
	const t = useWords();
	const ref = useRef<HTMLDivElement>(null);
	const size = useSize(ref);
	const [wanted, setPage] = useState(0);
	const { placed, page, pages } = useTiles(meeting, size, wanted, t.dir === 'rtl');
	useEffect(() => {
		client.setView(viewOfStage(placed, meeting.self));
	}, [client, placed, meeting.self]);
	const own = useMemo(() => ({ track: ownTrack }), [ownTrack]);
	const places = useMemo(() => new Map(handsUp(meeting.participants).map(({ id }, index) => [id, index + 1])), [meeting.participants]);
	const reactions = useStore(client.reactions);
	const isAlone = meeting.participants.length <= 1;
	return (
		<section className="stage" aria-label={t('stage.label')} data-dimmed={dimmed || undefined} data-alone={isAlone || undefined}>
			<div className="stage-tiles" ref={ref}>
				{placed.map(({ participant, source, rect }) => (
					<Tile
						key={`${source} ${participant.id}`}
						participant={participant}
						source={source}
						rect={rect}
						levels={client.levels}
						board={client.board}
						own={participant.id === meeting.self ? own : undefined}
						place={source === 'camera' ? places.get(participant.id) : undefined}
						emoji={source === 'camera' ? reactionOf(reactions, participant.id) : undefined}
						act={act}
					/>
				))}
			</div>
			{isAlone ? alone : null}
			{pages > 1 ? (
				<nav className="pager" aria-label={t('stage.pages')}>
					<IconButton label={t('stage.previous')} icon={<ChevronLeft size={20} className="onward" />} tip="none" disabled={page === 0} onClick={() => setPage(page - 1)} />
					<span className="ticking" aria-live="polite">
						{t('stage.page', { page: page + 1, pages })}
					</span>
					<IconButton label={t('stage.next')} icon={<ChevronRight size={20} className="onward" />} tip="none" disabled={page === pages - 1} onClick={() => setPage(page + 1)} />
				</nav>
			) : null}
		</section>
	);
}

/** Decides who stands where. */
function useTiles(meeting: Meeting, size: Size, wanted: number, backward: boolean): { placed: readonly Placed[]; page: number; pages: number } {
	const order = useOrder(meeting, size);
	return useMemo(() => {
		const turn = (rects: readonly Rect[]) => (backward ? mirrored(rects, size) : rects);
		const byId = new Map(meeting.participants.map((participant) => [participant.id, participant]));
		const self = byId.get(meeting.self);
		const others = order.flatMap((id) => byId.get(id) ?? []);
		const screens = others.filter((participant) => sourceOf(participant, 'screen') !== undefined);
		const first = screens[0];
		const faces = others.map((participant) => ({ participant, source: 'camera' as const }));
		const mine = self === undefined ? [] : [{ participant: self, source: 'camera' as const }];
		if (first !== undefined) {
			const more = screens.slice(1).map((participant) => ({ participant, source: 'screen' as const }));
			const rest = [...more, ...faces, ...mine];
			const { main, strip } = spotlightOf(rest.length, size);
			const { items, page, pages } = pageOf(rest, Math.max(1, strip.length), wanted);
			const rects = spotlightOf(items.length, size).strip;
			return { placed: place([{ participant: first, source: 'screen' }, ...items], turn([main, ...rects])), page, pages };
		}
		const perPage = tilesPerPage(faces.length + mine.length, size);
		const at = Math.min(faces.length, perPage - 1);
		const all = [...faces.slice(0, at), ...mine, ...faces.slice(at)];
		const { items, page, pages } = pageOf(all, perPage, wanted);
		const stage = pages > 1 ? { ...size, height: size.height - PAGER } : size;
		return { placed: place(items, turn(gridOf(items.length, stage))), page, pages };
	}, [meeting.participants, meeting.self, order, size, wanted, backward]);
}

/** The others in the order they stand, which changes only for those who come, leave, or speak from a later page. */
function useOrder(meeting: Meeting, size: Size): readonly string[] {
	const [order, setOrder] = useState<readonly string[]>([]);
	const present = useMemo(() => meeting.participants.flatMap(({ id }) => (id === meeting.self ? [] : [id])), [meeting.participants, meeting.self]);
	const slots = Math.max(1, tilesPerPage(present.length + 1, size, leastWidth(size)) - 1);
	const next = arrange(present, order, meeting.floor, slots);
	if (next !== order) setOrder(next);
	return next;
}

function place(tiles: readonly Omit<Placed, 'rect'>[], rects: readonly Rect[]): Placed[] {
	return tiles.flatMap((tile, index) => {
		const rect = rects[index];
		return rect === undefined ? [] : [{ ...tile, rect }];
	});
}

/** The tiles that need a picture from the server: others' whose source is on. */
function viewOfStage(placed: readonly Placed[], self: string): VisibleTile[] {
	return placed.flatMap(({ participant, source, rect }) =>
		participant.id === self ? [] : [{ participant: participant.id, source, cssHeight: rect.height }],
	);
}
