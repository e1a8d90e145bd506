import { describe, expect, it } from 'vitest';
import type { Publish, Source } from './protocol.gen';
import { createPublisher } from './publisher';
import type { Given } from './publisher';

const track = (name: string) => name as unknown as MediaStreamTrack;
const off: Given = { microphone: { kind: 'off' }, camera: { kind: 'off' }, screen: undefined };
const talking: Given = { ...off, microphone: { kind: 'on', track: track('mic'), muted: false } };

function setup() {
	const told: string[] = [];
	const sent: string[] = [];
	const publisher = createPublisher(({ source, on, muted }: Publish) => told.push(`${source} ${on ? 'on' : 'off'}${muted ? ' muted' : ''}`));
	const connection = {
		setTrack: (source: Source, given: MediaStreamTrack | null) => {
			sent.push(`${source}=${(given as unknown as string | null) ?? 'null'}`);
			return Promise.resolve();
		},
	};
	return { publisher, connection, told, sent };
}

describe('publisher', () => {
	it('gives devices to the connection before the session, and tells of them after', () => {
		const { publisher, connection, told, sent } = setup();
		publisher.set(talking);
		publisher.use(connection);
		expect([sent, told]).toEqual([['microphone=mic'], []]);
		publisher.joined();
		expect(told).toEqual(['microphone on']);
	});

	it('says only what changed, and keeps the track while muted', () => {
		const { publisher, connection, told, sent } = setup();
		publisher.use(connection);
		publisher.joined();
		publisher.set(talking);
		publisher.set(talking);
		publisher.set({ ...talking, microphone: { kind: 'on', track: track('mic'), muted: true } });
		publisher.set({ ...off, camera: { kind: 'starting' } });
		expect(told).toEqual(['microphone on', 'microphone on muted', 'microphone off']);
		expect(sent).toEqual(['microphone=mic', 'microphone=null']);
	});

	it('gives everything again to a new connection and session', () => {
		const { publisher, connection, told, sent } = setup();
		publisher.use(connection);
		publisher.joined();
		publisher.set({ ...talking, screen: { video: track('screen'), audio: track('sound') } });
		publisher.use(connection);
		publisher.joined();
		expect(sent).toEqual([...['microphone=mic', 'screen=screen', 'screen_audio=sound'], ...['microphone=mic', 'screen=screen', 'screen_audio=sound']]);
		expect(told).toHaveLength(6);
	});

	it('tells of a screen without sound', () => {
		const { publisher, connection, told } = setup();
		publisher.use(connection);
		publisher.joined();
		publisher.set({ ...off, screen: { video: track('screen'), audio: undefined } });
		publisher.set(off);
		expect(told).toEqual(['screen on', 'screen off']);
	});
});
