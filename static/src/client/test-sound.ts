/** How long the test sound lasts, in seconds, and its two notes in Hz. */
const SECONDS = 1.2;
const NOTES = [523.25, 659.25] as const;

/** Plays two soft notes through a speaker; the system's own when the id is empty. Resolves when they are over, rejects when the speaker is gone. */
export async function playTestSound(speakerId: string): Promise<void> {
	const context = new AudioContext();
	try {
		const out = context.createMediaStreamDestination();
		const element = new Audio();
		element.srcObject = out.stream;
		if (speakerId !== '' && 'setSinkId' in element) await element.setSinkId(speakerId);
		await context.resume();
		await element.play();
		NOTES.forEach((hertz, index) => note(context, out, hertz, context.currentTime + (index * SECONDS) / 2));
		await new Promise((done) => setTimeout(done, SECONDS * 1000));
		element.srcObject = null;
	} finally {
		await context.close();
	}
}

function note(context: AudioContext, out: AudioNode, hertz: number, at: number): void {
	const tone = context.createOscillator();
	const gain = context.createGain();
	tone.frequency.value = hertz;
	gain.gain.setValueAtTime(0, at);
	gain.gain.linearRampToValueAtTime(0.25, at + 0.05);
	gain.gain.exponentialRampToValueAtTime(0.001, at + SECONDS / 2);
	tone.connect(gain).connect(out);
	tone.start(at);
	tone.stop(at + SECONDS / 2);
}
