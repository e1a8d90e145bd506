import { Activity } from 'lucide-react';
import { useCallback } from 'react';
import { eventWords } from './attendance_words';
import { clock, moment } from './format';
import { eventStreamUrl, listEvents } from './live_api';
import type { RoomEvent } from './live_api';
import type { Room } from './model';
import { Empty, here, Loaded } from './parts';
import { usePoll } from './poll';
import { useStream } from './stream';

/** The most events listed, newest first; the rest is to be had from the API. */
const MOST = 2000;

/** What happened in a room, newest first. */
export function EventsTab({ room, live }: { room: Room; live: boolean }) {
	const load = useCallback((signal: AbortSignal) => loadAll(room.id, signal), [room.id]);
	const poll = usePoll(load, live ? 15_000 : null);
	const streamed = useStream(live ? eventStreamUrl(room.id) : null, poll.refresh);
	return (
		<Loaded poll={poll} title="The events can’t be shown" rows={5}>
			{(events) =>
				events.length === 0 ? (
					<Empty icon={<Activity size={24} />} title="Nothing has happened yet">
						<p>Joins, leaves, locks and recordings are listed here as they happen.</p>
					</Empty>
				) : (
					<>
						{streamed ? <p className="quiet">New events appear at once.</p> : null}
						<ol className="card happenings" aria-label={`What happened, newest first`}>
							{events.map((event) => (
								<li key={event.id}>
									<time className="quiet ticking" dateTime={new Date(event.at).toISOString()} title={`Number ${event.seq}`}>
										{moment(event.at, poll.at, here())}
									</time>
									<span>
										{eventWords(event)}
										{event.end > 0 && event.type === 'room.extended' ? `, to ${clock(event.end, here())}` : ''}
									</span>
								</li>
							))}
						</ol>
					</>
				)
			}
		</Loaded>
	);
}

async function loadAll(id: string, signal: AbortSignal): Promise<readonly RoomEvent[]> {
	const all: RoomEvent[] = [];
	let after = 0;
	for (;;) {
		const page = await listEvents(id, after, signal);
		all.push(...page.events);
		if (page.events.length === 0 || page.next <= after) break;
		after = page.next;
	}
	return all.slice(-MOST).reverse();
}
