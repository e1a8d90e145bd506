import { Crown, DoorClosed, Ear, Hand, Handshake, Mic, MicOff, MonitorX, Speech, UserX, VideoOff } from 'lucide-react';
import { isHeard, mayPublish, sourceOf } from '../client';
import type { Participant } from '../client';
import { Confirm } from '../design';
import type { MenuItem } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';

/** What the menu of a participant can offer. */
export type Offered = 'mute' | 'ask_to_unmute' | 'stop_camera' | 'stop_screen' | 'lower_hand' | 'make_audience' | 'make_speaker' | 'make_host' | 'hand_over' | 'send_to_lobby' | 'remove';

/** Does something to a participant, after a question where it can't be taken back. */
export type Act = (action: Offered, participant: Participant) => void;

/** What a host can do to a participant as they are now. */
export function actionsOn(participant: Participant): readonly Offered[] {
	const has = (source: 'camera' | 'screen') => sourceOf(participant, source) !== undefined;
	return [
		...(isHeard(participant) ? (['mute'] as const) : mayPublish(participant) ? (['ask_to_unmute'] as const) : []),
		...(has('camera') ? (['stop_camera'] as const) : []),
		...(has('screen') ? (['stop_screen'] as const) : []),
		...(participant.hand === undefined ? [] : (['lower_hand'] as const)),
		...(participant.role === 'speaker' ? (['make_audience'] as const) : (['make_speaker'] as const)),
		...(participant.role === 'host' ? [] : (['make_host', 'hand_over', 'send_to_lobby'] as const)),
		'remove',
	];
}

const icons = { mute: MicOff, ask_to_unmute: Mic, stop_camera: VideoOff, stop_screen: MonitorX, lower_hand: Hand, make_audience: Ear, make_speaker: Speech, make_host: Crown, hand_over: Handshake, send_to_lobby: DoorClosed, remove: UserX } as const;

/** What a host can do to a participant, as rows of a menu. */
export function hostItems(t: Words, participant: Participant, act: Act): MenuItem[] {
	return actionsOn(participant).flatMap((action): MenuItem[] => {
		const Icon = icons[action];
		const item = { kind: 'action', label: t(`host.${action}`), icon: <Icon size={20} aria-hidden="true" />, onPick: () => act(action, participant) } as const;
		return action === 'remove' ? [{ kind: 'line' }, { ...item, tone: 'danger' }] : [item];
	});
}

/** What can't be taken back. */
export type Asked = 'remove' | 'make_host' | 'hand_over';

/** A question to the host before something that can't be taken back. */
export type Question = Readonly<{ action: Asked; participant: Participant }>;

export type AskProps = Readonly<{ question: Question | undefined; onConfirm: (question: Question) => void; onClose: () => void }>;

/** Asks before a participant is removed, made a host or put in the host's place. */
export function AskFirst({ question, onConfirm, onClose }: AskProps) {
	const t = useWords();
	const { title, text, action } = questionWords(t, question?.action ?? 'remove', question?.participant.name ?? '');
	return (
		<Confirm
			open={question !== undefined}
			title={title}
			text={text}
			action={action}
			kind={question === undefined || question.action === 'remove' ? 'danger' : 'filled'}
			onConfirm={() => {
				if (question !== undefined) onConfirm(question);
			}}
			onClose={onClose}
		/>
	);
}

function questionWords(t: Words, action: Asked, name: string): Readonly<Record<'title' | 'text' | 'action', string>> {
	switch (action) {
		case 'remove':
			return { title: t('host.removeTitle', { name }), text: t('host.removeText'), action: t('host.removeAction') };
		case 'make_host':
			return { title: t('host.makeTitle', { name }), text: t('host.makeText'), action: t('host.make_host') };
		case 'hand_over':
			return { title: t('host.handTitle', { name }), text: t('host.handText'), action: t('host.hand_over') };
	}
}
