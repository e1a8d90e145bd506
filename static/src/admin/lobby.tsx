import { useId } from 'react';
import { Avatar, Button } from '../design';
import { clock, lengthWords } from './format';
import type { Waiter } from './live_api';
import { waiterWords } from './live_words';
import { here } from './parts';

/** What can be done about those who wait. */
export type Door = Readonly<{ admit: (waiter: Waiter) => void; deny: (waiter: Waiter) => void; admitAll: () => void }>;

type WaitersProps = Readonly<{ waiters: readonly Waiter[]; now: number; busy: boolean; door: Door }>;

/** Who waits in the lobby to be let in; nothing while nobody does. */
export function Waiters({ waiters, now, busy, door }: WaitersProps) {
	const title = useId();
	if (waiters.length === 0) return null;
	return (
		<section className="waiters" aria-labelledby={title}>
			<header className="waiters-head">
				<h3 id={title}>Waiting to be let in</h3>
				{waiters.length < 2 ? null : (
					<Button disabled={busy} onClick={door.admitAll}>
						Admit all
					</Button>
				)}
			</header>
			<ul>
				{waiters.map((waiter) => (
					<WaiterRow key={waiter.id} waiter={waiter} now={now} busy={busy} door={door} />
				))}
			</ul>
		</section>
	);
}

function WaiterRow({ waiter, now, busy, door }: Readonly<{ waiter: Waiter; now: number; busy: boolean; door: Door }>) {
	const about = useId();
	const { id, name, role, since, connected } = waiter;
	const why = waiterWords(waiter);
	return (
		<li className="person waiter" data-away={!connected || undefined}>
			<Avatar name={name} seed={id} size="var(--target)" />
			<div className="person-words">
				<p className="person-name">
					<span id={about} className="truncate" dir="auto" title={name}>
						{name}
					</span>
					{role === 'audience' ? <span className="tag">Audience</span> : null}
				</p>
				<p className="second">
					{why === '' ? 'Since' : `${why}; since`} {clock(since, here())}, {lengthWords(now - since)}
				</p>
			</div>
			<span className="waiter-do">
				<Button kind="plain" disabled={busy} aria-describedby={about} onClick={() => door.deny(waiter)}>
					Deny
				</Button>
				<Button disabled={busy} aria-describedby={about} onClick={() => door.admit(waiter)}>
					Admit
				</Button>
			</span>
		</li>
	);
}
