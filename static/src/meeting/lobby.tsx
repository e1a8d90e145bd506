import { DoorOpen } from 'lucide-react';
import { useId } from 'react';
import type { Client, Waiter } from '../client';
import { Avatar, Button } from '../design';
import { useWords } from '../words';
import { namesInWords } from './time';

/** What a host does with those who wait. */
export type Door = Pick<Client, 'admit' | 'admitAll' | 'deny' | 'setLobby'>;

/** Who waits to be let in, for hosts. */
export function WaitersList({ waiters, door }: Readonly<{ waiters: readonly Waiter[]; door: Door }>) {
	const t = useWords();
	if (waiters.length === 0) return null;
	return (
		<section className="waiters" aria-label={t('lobby.title')}>
			<div className="waiters-head">
				<h3 className="people-heading">
					{t('lobby.title')} <span className="ticking">{t.number(waiters.length)}</span>
				</h3>
				{waiters.length < 2 ? null : <Button onClick={door.admitAll}>{t('lobby.admitAll')}</Button>}
			</div>
			<ul>
				{waiters.map((waiter) => (
					<WaiterRow key={waiter.id} waiter={waiter} door={door} />
				))}
			</ul>
		</section>
	);
}

function WaiterRow({ waiter, door }: Readonly<{ waiter: Waiter; door: Door }>) {
	const t = useWords();
	const about = useId();
	const { id, name, connected, reason } = waiter;
	const quiet = connected ? (reason === 'sent_back' ? t('lobby.sentBack') : undefined) : t('app.reconnecting');
	return (
		<li className="person waiter" data-connected={connected}>
			<span className="person-face">
				<Avatar name={name} seed={id} />
			</span>
			<span className="person-name">
				<span id={about} className="truncate" dir="auto">
					{name}
				</span>
				{quiet === undefined ? null : <span className="quiet person-role">{quiet}</span>}
			</span>
			<Button kind="plain" aria-describedby={about} onClick={() => door.deny(id)}>
				{t('lobby.deny')}
			</Button>
			<Button aria-describedby={about} onClick={() => door.admit(id)}>
				{t('lobby.admit')}
			</Button>
		</li>
	);
}

export type LobbyBannerProps = Readonly<{ waiters: readonly Waiter[]; door: Door; onShow: () => void }>;

/** Tells a host whose list is closed that somebody waits. */
export function LobbyBanner({ waiters, door, onShow }: LobbyBannerProps) {
	const t = useWords();
	const [first] = waiters;
	if (first === undefined) return null;
	return (
		<div className="banner banner-asks">
			<p>
				<DoorOpen size={16} aria-hidden="true" /> {t('lobby.waiting', { names: namesInWords(t, waiters.map(({ name }) => name), waiters.length), count: waiters.length })}
			</p>
			<div className="banner-answers">
				<Button kind="plain" onClick={onShow}>
					{t('lobby.show')}
				</Button>
				{waiters.length === 1 ? (
					<Button onClick={() => door.admit(first.id)}>{t('lobby.admit')}</Button>
				) : (
					<Button onClick={door.admitAll}>{t('lobby.admitAll')}</Button>
				)}
			</div>
		</div>
	);
}
