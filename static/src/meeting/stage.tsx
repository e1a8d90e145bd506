import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { handsUp, reactionOf, spotlit } from '../client';
import type { Client, Meeting, VisibleTile } from '../client';
import { IconButton } from '../design';
import { useWords } from '../words';
import { arrange } from './arrange';
import { useHidden, useSize, useStore } from './hooks';
import { leastWidth, tilesPerPage } from './layout';
import type { Size } from './layout';
import type { Choices } from './person-menu';
import { nextSpeaker } from './speaker';
import type { Speaker } from './speaker';
import { Tile } from './tile';
import { planStage } from './tiles';
import type { Placed, StageOptions, StagePlan, TileId } from './tiles';

export type StageProps = Readonly<{
	client: Client;
	meeting: Meeting;
	/** The track of the viewer's camera while it is on. */
	ownTrack: MediaStreamTrack | undefined;
	/** The stage is out of date: the page has lost the server or its media. */
	dimmed: boolean;
	/** Stands on the stage while the viewer is alone. */
	alone: ReactNode;
	options: Pick<StageOptions, 'layout' | 'selfView' | 'corner' | 'pinned'>;
	/** The viewer wants sound only: cameras of others are not received. */
	soundOnly: boolean;
	/** The tile whose picture is in the small window. */
	away: TileId | undefined;
	/** Told which tile is the most important one. */
	onMain: (tile: TileId | undefined) => void;
	choices: Choices;
}>;

/** The pictures: a grid of everybody, or one large with a strip of the others. */
export function Stage({ client, meeting, ownTrack, dimmed, alone, options, soundOnly, away, onMain, choices }: StageProps) {
	const t = useWords();
	const ref = useRef<HTMLDivElement>(null);
	const size = useSize(ref);
	const [wanted, setPage] = useState(0);
	const speaker = useSpeaker(meeting);
	const { placed, page, pages } = usePlan(meeting, size, { ...options, speaker, page: wanted, backward: t.dir === 'rtl' });
	useView(client, meeting.self, placed, soundOnly, away);
	const main = placed.find((tile) => tile.place === 'main') ?? placed.find(({ participant }) => participant.id === speaker) ?? placed.find(({ participant }) => participant.id !== meeting.self);
	const mainParticipant = main?.participant.id;
	const mainSource = main?.source;
	useEffect(() => onMain(mainParticipant === undefined || mainSource === undefined ? undefined : { participant: mainParticipant, source: mainSource }), [onMain, mainParticipant, mainSource]);
	const ownScreen = useStore(client.screen);
	const own = useMemo(() => ({ camera: { track: ownTrack }, screen: { track: ownScreen } }), [ownTrack, ownScreen]);
	const places = useMemo(() => new Map(handsUp(meeting.participants).map(({ id }, index) => [id, index + 1])), [meeting.participants]);
	const reactions = useStore(client.reactions);
	const weak = useStore(client.weak);
	const undecodable = useMemo(() => new Set(meeting.seats.flatMap((seat) => (seat.undecodable === true ? [`${seat.source ?? ''} ${seat.participant ?? ''}`] : []))), [meeting.seats]);
	const isAlone = meeting.participants.length <= 1;
	return (
		<section className="stage" aria-label={t('stage.label')} data-dimmed={dimmed || undefined} data-alone={isAlone || undefined}>
			<div className="stage-tiles" ref={ref}>
				{placed.map(({ participant, source, rect, place }) => (
					<Tile
						key={`${source} ${participant.id}`}
						participant={participant}
						source={source}
						rect={rect}
						stands={place}
						levels={client.levels}
						board={client.board}
						own={participant.id === meeting.self ? own[source] : undefined}
						place={source === 'camera' ? places.get(participant.id) : undefined}
						emoji={source === 'camera' ? reactionOf(reactions, participant.id) : undefined}
						pinned={options.pinned?.participant === participant.id && options.pinned.source === source}
						weak={weak.has(participant.id) && participant.connected}
						undecodable={undecodable.has(`${source} ${participant.id}`)}
						away={away?.participant === participant.id && away.source === source}
						choices={choices}
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
function usePlan(meeting: Meeting, size: Size, options: Omit<StageOptions, 'spotlit'>): StagePlan {
	const order = useOrder(meeting, size);
	const { layout, selfView, corner, pinned, page, backward, speaker } = options;
	return useMemo(() => {
		const byId = new Map(meeting.participants.map((participant) => [participant.id, participant]));
		const others = order.flatMap((id) => byId.get(id) ?? []);
		if (size.width === 0) return { placed: [], page: 0, pages: 1 }; // not measured yet: nothing to move about later
		return planStage(others, byId.get(meeting.self), size, { layout, selfView, corner, pinned, spotlit: spotlit(meeting.participants).map(({ id }) => id), page, backward, speaker });
	}, [meeting.participants, meeting.self, order, size, layout, selfView, corner, pinned, page, backward, speaker]);
}

/** Who spoke last, with some patience. */
function useSpeaker({ floor, participants, self }: Meeting): string | undefined {
	const [speaker, setSpeaker] = useState<Speaker>({ id: undefined, since: 0 });
	useEffect(() => {
		const others = new Set(participants.flatMap(({ id }) => (id === self ? [] : [id])));
		const look = () => setSpeaker((now) => nextSpeaker(now, floor, others, Date.now()));
		look();
		const timer = setInterval(look, 500); // the loudest may have to wait for the one before
		return () => clearInterval(timer);
	}, [floor, participants, self]);
	return speaker.id;
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

/** Tells the server which pictures are needed: none while nobody looks, but for the one in the small window. */
function useView(client: Client, self: string, placed: readonly Placed[], soundOnly: boolean, away: TileId | undefined): void {
	const hidden = useHidden();
	useEffect(() => {
		const isAway = ({ participant, source }: Placed) => away?.participant === participant.id && away.source === source;
		client.setView(viewOfStage(placed.filter((tile) => (!hidden || isAway(tile)) && (!soundOnly || tile.source === 'screen')), self));
	}, [client, placed, self, soundOnly, hidden, away]);
}

/** The tiles that need a picture from the server: others' whose source is on. */
function viewOfStage(placed: readonly Placed[], self: string): VisibleTile[] {
	return placed.flatMap(({ participant, source, rect }) => (participant.id === self ? [] : [{ participant: participant.id, source, cssHeight: rect.height }]));
}
