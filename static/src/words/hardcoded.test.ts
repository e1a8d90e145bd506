// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

// The meeting page says nothing that is not in a catalogue. This reads its
// sources and reports words for people that stand in the code.

const src = join(import.meta.dirname, '..');

/** Attributes whose text nobody reads. */
const SILENT = /^(className|type|kind|size|role|id|key|htmlFor|rel|target|tone|tip|side|align|layout|name|value|autoComplete|href|src|d|viewBox|fill|style|device|source|shortcut|aria-(hidden|live|autocomplete|haspopup|busy|controls|modal|atomic|relevant|orientation)|data-.*|popover.*|inputMode|enterKeyHint|dir|lang|preload|crossOrigin|allow|loading|decoding|word-kind|state)$/;

/** Words with a capital that are not English on the screen: names of errors, keys and browsers' own words. */
const NAMES = /^([A-Z][A-Za-z]*Error|Enter|Escape|Space|Tab|Backspace|Home|End|PageUp|PageDown|Arrow(Up|Down|Left|Right)|Ctrl\+[A-Z]|Shift|KeyboardEvent|English|Infinity|Plenum|Latin|Segmenter|CloseWatcher|GET|POST|Default|Files)$/;

/** True for text with words for people in it. */
function speaks(text: string): boolean {
	if (NAMES.test(text.trim())) return false;
	return /\p{L}{2,}\s+\p{L}{2,}/u.test(text) || /^\s*\p{Lu}\p{Ll}{2,}[.…!?]?\s*$/u.test(text);
}

function isSilentPlace(node: ts.Node): boolean {
	const { parent } = node;
	if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || ts.isLiteralTypeNode(parent)) return true;
	if (ts.isJsxAttribute(parent) && SILENT.test(parent.name.getText())) return true;
	if (ts.isNewExpression(parent) && /^(\w*Error|DOMException)$/.test(parent.expression.getText())) return true; // for developers
	for (let up: ts.Node = node; !ts.isSourceFile(up); up = up.parent) {
		if (ts.isJsxAttribute(up) && SILENT.test(up.name.getText())) return true;
		if (ts.isJsxElement(up) || ts.isBlock(up)) break;
	}
	if (ts.isCallExpression(parent)) {
		const called = parent.expression.getText();
		return /(\b|\.)(t|querySelector(All)?|closest|matches|matchMedia|useMedia|addEventListener|getItem|setItem|createElement|getContext|setProperty)$/.test(called);
	}
	return false;
}

function spokenIn(file: string, text: string): string[] {
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
	const found: string[] = [];
	const visit = (node: ts.Node) => {
		if (ts.isJsxText(node) && /\p{L}{2,}/u.test(node.text)) found.push(node.text.trim());
		if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) {
			const whole = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) ? node : ts.isTemplateHead(node) ? node.parent : node.parent.parent;
			if (speaks(node.text) && !isSilentPlace(whole)) found.push(node.text);
			else if (ts.isJsxAttribute(node.parent) && !SILENT.test(node.parent.name.getText()) && /\p{L}{2,}/u.test(node.text)) found.push(node.text);
		}
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

const sourcesOf = (folder: string) => readdirSync(join(src, folder)).filter((file) => /\.tsx?$/.test(file) && !/\.test\.|\.gen\./.test(file));

describe.each(['meeting', 'client', 'design'])('%s', (folder) => {
	it.each(sourcesOf(folder))('%s says nothing by itself', (file) => {
		if (folder === 'design' && file === 'words.ts') return; // the English of the admin page, which the meeting replaces
		expect(spokenIn(file, readFileSync(join(src, folder, file), 'utf8'))).toEqual([]);
	});
});

describe('the check itself', () => {
	it.each([
		['<p>Hello there</p>', 1],
		['<button aria-label="Close" />', 1],
		['<b title="chat" />', 1],
		['const a = `${name} has left us`;', 1],
		['notify("Muted");', 1],
		['<p className="quiet small">{t("chat.empty")}</p>', 0],
		['if (error.name === "NotAllowedError") go();', 0],
		['<p>{name}: {count}</p>', 0],
		['document.querySelector("dialog[open] button");', 0],
	])('%s', (code, want) => {
		expect(spokenIn('a.tsx', code)).toHaveLength(want);
	});
});

it('uses every sentence of the catalogue', () => {
	const code = ['meeting', 'client', 'words'].flatMap((folder) => sourcesOf(folder).filter((file) => !/^(en|de|fr|es|hi|ar)\.ts$/.test(file)).map((file) => readFileSync(join(src, folder, file), 'utf8'))).join('\n');
	const patterns = [...code.matchAll(/`([a-zA-Z_.]*\$\{[^`]*)`/g)].map(([, text]) => new RegExp(`^${(text ?? '').replace(/[.]/g, '\\.').replace(/\$\{[^}]*\}/g, '[A-Za-z_-]+')}$`));
	const catalogue = readFileSync(join(src, 'words/en.ts'), 'utf8');
	const keys = [...catalogue.matchAll(/^\t'([^']+)':/gm)].flatMap(([, key]) => key ?? []);
	expect(keys.length).toBeGreaterThan(100);
	expect(keys.filter((key) => !code.includes(`'${key}'`) && !patterns.some((pattern) => pattern.test(key)))).toEqual([]);
});
