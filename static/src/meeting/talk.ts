import { useEffect } from 'react';
import type { DeviceControl } from '../client';
import { pressesSpace } from './shortcuts';

/** Push-to-talk: while the space bar is held, a muted microphone is heard. Not for those who may not speak. */
export function usePushToTalk(devices: DeviceControl, may: boolean): void {
	useEffect(() => {
		if (!may) return;
		const ended = new AbortController();
		const { signal } = ended;
		let talking = false;
		const stop = () => {
			if (!talking) return;
			talking = false;
			devices.mute();
		};
		const pressed = (event: KeyboardEvent) => {
			if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || pressesSpace(event.target)) return;
			event.preventDefault(); // the page would scroll
			const { microphone } = devices.state.get();
			if (event.repeat || talking || (microphone.kind === 'on' && !microphone.muted)) return;
			talking = true;
			void devices.unmute();
		};
		document.addEventListener('keydown', pressed, { signal });
		document.addEventListener('keyup', (event) => event.key === ' ' && stop(), { signal });
		window.addEventListener('blur', stop, { signal }); // the key goes up elsewhere
		return () => {
			stop();
			ended.abort();
		};
	}, [devices, may]);
}
