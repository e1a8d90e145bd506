import { Hand, LoaderCircle, MicOff, MonitorUp, PictureInPicture2, Pin, Spotlight, TriangleAlert } from 'lucide-react';
import { memo, useLayoutEffect, useRef } from 'react';
import type { CSSProperties } from 'react';
import { isHeard } from '../client';
import type { Board, Emoji, Levels, Participant, TileSource } from '../client';
import { Avatar, hueStyle } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { wordOf } from './emojis';
import { useTrack } from './hooks';
import { PersonMenu } from './person-menu';
import type { Choices } from './person-menu';
import type { Placed } from './tiles';
import { useDrag } from './drag';

export type TileProps = Readonly<{
	participant: Participant;
	source: TileSource;
	rect: Placed['rect'];
	/** Large, in a corner, or one of many. */
	stands: Placed['place'];
	levels: Levels;
	/** Brings the picture of somebody else. */
	board: Board;
	/** Set on the viewer's own tiles, with the track of the camera or screen while it is on. */
	own?: { track: MediaStreamTrack | undefined } | undefined;
	/** The place among the raised hands, from 1. */
	place?: number | undefined;
	/** What the participant reacts with at the moment. */
	emoji?: Emoji | undefined;
	pinned: boolean;
	/** What comes from there comes in badly. */
	weak: boolean;
	/** There is a picture, but in a format this browser can't show. */
	undecodable: boolean;
	/** The picture is in the small window. */
	away: boolean;
	choices: Choices;
}>;

/** One participant's camera or screen on the stage. */
export const Tile = memo(function Tile({ participant, source, rect, stands, levels, board, own, place: handPlace, emoji, pinned, weak, undecodable, away, choices }: TileProps) {
	const t = useWords();
	const tile = useRef<HTMLElement>(null);
	const host = useRef<HTMLDivElement>(null);
	const { id } = participant;
	const remote = own === undefined;
	useLayoutEffect(() => {
		if (!remote || away || tile.current === null || host.current === null) return;
		return board.attach(id, source, { tile: tile.current, host: host.current });
	}, [board, id, source, remote, away]);
	useDrag(tile, stands === 'corner', choices.setCorner);
	useLayoutEffect(() => {
		if (source === 'camera' && tile.current !== null) return levels.bind(id, tile.current);
		return undefined;
	}, [levels, id, source]);
	const muted = source === 'camera' && !isHeard(participant);
	const lit = source === 'camera' && participant.spotlight !== undefined;
	const place = `translate(${rect.x}px, ${rect.y}px)`;
	const face = Math.min(128, Math.max(32, Math.round(Math.min(rect.width, rect.height) * 0.4))); // pixels
	const style: CSSProperties = { ...hueStyle(id), width: rect.width, height: rect.height, transform: place };
	return (
		<article
			ref={tile}
			className="tile"
			style={style}
			aria-label={nameOfTile(t, participant, { source, isSelf: !remote, muted, emoji, weak })}
			data-participant={id}
			data-source={source}
			data-stands={stands}
			data-connected={participant.connected}
			data-size={rect.width < 240 ? 'small' : 'large'}
			{...(remote ? {} : { 'data-state': own.track === undefined ? 'avatar' : 'picture' })}
		>
			<div className="tile-avatar">
				{source === 'camera' ? <Avatar name={participant.name} seed={id} size={`${face}px`} /> : <MonitorUp size={48} aria-hidden="true" />}
			</div>
			<div ref={host} className="tile-picture">
				{remote ? null : <OwnPicture track={own.track} mirrored={source === 'camera'} />}
			</div>
			<div className="tile-foot">
				{muted ? <MicOff size={16} className="tile-muted" aria-hidden="true" /> : null}
				{source === 'screen' ? <MonitorUp size={16} aria-hidden="true" /> : null}
				{pinned ? <Pin size={16} aria-hidden="true" /> : null}
				{lit ? <Spotlight size={16} aria-hidden="true" /> : null}
				{weak ? <TriangleAlert size={16} className="tile-muted" aria-hidden="true" /> : null}
				<span className="truncate" dir="auto">{source === 'screen' ? (remote ? t('tile.screen', { name: participant.name }) : t('tile.yourScreen')) : remote ? participant.name : t('app.you', { name: participant.name })}</span>
			</div>
			{handPlace === undefined ? null : (
				<p className="tile-hand ticking" aria-hidden="true">
					<Hand size={16} /> {handPlace}
				</p>
			)}
			{emoji === undefined ? null : (
				<p className="tile-emoji emoji" aria-hidden="true">
					{emoji}
				</p>
			)}
			<PersonMenu participant={participant} source={source} isSelf={!remote} pinned={pinned} choices={choices} tone="scrim" />
			{away ? (
				<p className="tile-lost">
					<PictureInPicture2 size={16} aria-hidden="true" /> {t('tile.away')}
				</p>
			) : null}
			{undecodable && participant.connected ? <p className="tile-lost">{t('tile.undecodable')}</p> : null}
			{participant.connected ? null : (
				<p className="tile-lost">
					<LoaderCircle size={16} className="spinning" aria-hidden="true" /> {t('app.reconnecting')}
				</p>
			)}
		</article>
	);
});

function OwnPicture({ track, mirrored }: { track: MediaStreamTrack | undefined; mirrored: boolean }) {
	const video = useTrack(track);
	return <video ref={video} className={mirrored ? 'mirrored' : 'own'} muted playsInline autoPlay />;
}

type Named = Readonly<{ source: TileSource; isSelf: boolean; muted: boolean; emoji: Emoji | undefined; weak: boolean }>;

/** The accessible name of a tile. It begins with the participant's name. */
function nameOfTile(t: Words, { name, connected, hand, spotlight }: Participant, { source, isSelf, muted, emoji, weak }: Named): string {
	const parts = [isSelf ? t('app.you', { name }) : name];
	if (source === 'screen') parts.push(t('tile.isScreen'));
	if (muted) parts.push(t('tile.muted'));
	if (hand !== undefined && source === 'camera') parts.push(t('tile.hand'));
	if (spotlight !== undefined && source === 'camera') parts.push(t('tile.spotlight'));
	if (emoji !== undefined) parts.push(wordOf(t, emoji));
	if (weak) parts.push(t('tile.weak'));
	if (!connected) parts.push(t('tile.reconnecting'));
	return parts.join(t('app.comma'));
}
