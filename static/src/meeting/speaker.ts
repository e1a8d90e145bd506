/** Who stands large in the speaker layout, since when (milliseconds). */
export type Speaker = Readonly<{ id: string | undefined; since: number }>;

/** The least time a speaker stands large, so that a cough does not turn the stage, in milliseconds. */
export const SPEAKER_MS = 2000;

/** The speaker after the floor changed: the loudest of the others, who stays while nobody else is audible. Pure. */
export function nextSpeaker(speaker: Speaker, floor: readonly string[], others: ReadonlySet<string>, now: number): Speaker {
	const here = speaker.id !== undefined && others.has(speaker.id);
	const loud = floor.filter((id) => others.has(id));
	const [loudest] = loud;
	if (!here) return { id: loudest, since: now };
	if (loudest === undefined || loudest === speaker.id) return speaker;
	if (loud.includes(speaker.id) && now - speaker.since < SPEAKER_MS) return speaker;
	return { id: loudest, since: now };
}
