import { useContext } from 'react';
import type { Failure } from './api';
import { Danger } from './parts';
import { useAction } from './poll';
import { SessionContext } from './session';
import { failureWords } from './words';

/** Something to be sure of before it is done, and what is said when it was. */
export type Question = Readonly<{
	title: string;
	text: string;
	action: string;
	/** The words on the button that takes back; "Cancel" when absent. */
	dismiss?: string;
	/** Whether it can be taken back, so that the button warns of nothing. */
	harmless?: boolean;
	done: string;
	work: (signal: AbortSignal) => Promise<unknown>;
	/** Why it could not be done; the usual words when absent. */
	whyNot?: (failure: Failure) => string;
}>;

/** Asks a question, does the work, and says so. Closed while there is no question. */
export function Sure({ question, onClose, onDone }: { question: Question | null; onClose: () => void; onDone: () => void }) {
	const { notify } = useContext(SessionContext);
	const { busy, failure, run, forget } = useAction();
	const close = () => {
		forget();
		onClose();
	};
	const confirm = () => {
		if (question === null) return;
		run(async (signal) => {
			await question.work(signal);
			notify({ tone: 'good', text: question.done });
			onDone();
			onClose();
		});
	};
	return (
		<Danger
			open={question !== null}
			title={question?.title ?? ''}
			text={question?.text ?? ''}
			action={question?.action ?? ''}
			dismiss={question?.dismiss ?? 'Cancel'}
			harmless={question?.harmless ?? false}
			busy={busy}
			error={failure === null ? null : (question?.whyNot ?? failureWords)(failure)}
			onConfirm={confirm}
			onClose={close}
		/>
	);
}
