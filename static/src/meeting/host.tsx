import { Crown, Hand, Mic, MicOff, MonitorX, UserX, VideoOff } from 'lucide-react';
import { isHeard, sourceOf } from '../client';
import type { Action, Participant } from '../client';
import { Confirm } from '../design';
import type { MenuItem } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';

/** Does something to a participant, after a question where it can't be taken back. */
export type Act = (action: Action, participant: Participant) => void;

/** What the menu of a participant can offer. */
type Offered = 'mute' | 'ask_to_unmute' | 'stop_camera' | 'stop_screen' | 'lower_hand' | 'make_host' | 'remove';

/** What a host can do to a participant as they are now. */
export function actionsOn(participant: Participant): readonly Offered[] {
	const has = (source: 'camera' | 'screen') => sourceOf(participant, source) !== undefined;
	return [
		isHeard(participant) ? 'mute' : 'ask_to_unmute',
		...(has('camera') ? (['stop_camera'] as const) : []),
		...(has('screen') ? (['stop_screen'] as const) : []),
		...(participant.hand === undefined ? [] : (['lower_hand'] as const)),
		...(participant.role === 'host' ? [] : (['make_host'] as const)),
		'remove',
	];
}

const icons = { mute: MicOff, ask_to_unmute: Mic, stop_camera: VideoOff, stop_screen: MonitorX, lower_hand: Hand, make_host: Crown, remove: UserX } as const;

/** What a host can do to a participant, as rows of a menu. */
export function hostItems(t: Words, participant: Participant, act: Act): MenuItem[] {
	return actionsOn(participant).flatMap((action): MenuItem[] => {
		const Icon = icons[action];
		const item = { kind: 'action', label: t(`host.${action}`), icon: <Icon size={20} aria-hidden="true" />, onPick: () => act(action, participant) } as const;
		return action === 'remove' ? [{ kind: 'line' }, { ...item, tone: 'danger' }] : [item];
	});
}

/** A question to the host before something that can't be taken back. */
export type Question = Readonly<{ action: 'remove' | 'make_host'; participant: Participant }>;

export type AskProps = Readonly<{ question: Question | undefined; onConfirm: (question: Question) => void; onClose: () => void }>;

/** Asks before a participant is removed or made a host. */
export function AskFirst({ question, onConfirm, onClose }: AskProps) {
	const t = useWords();
	const name = question?.participant.name ?? '';
	const removes = question?.action !== 'make_host';
	return (
		<Confirm
			open={question !== undefined}
			title={removes ? t('host.removeTitle', { name }) : t('host.makeTitle', { name })}
			text={removes ? t('host.removeText') : t('host.makeText')}
			action={removes ? t('host.removeAction') : t('host.make_host')}
			kind={removes ? 'danger' : 'filled'}
			onConfirm={() => {
				if (question !== undefined) onConfirm(question);
			}}
			onClose={onClose}
		/>
	);
}
