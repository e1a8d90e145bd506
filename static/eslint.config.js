import { defineConfig } from 'eslint/config';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

// typescript-eslint needs the JavaScript API that TypeScript 7 no longer has, so
// it runs on TypeScript 6; `npm run types` checks with 7.
export default defineConfig(
	{ ignores: ['dist', 'node_modules', 'eslint.config.js'] },
	...tseslint.configs.strictTypeChecked,
	{
		files: ['**/*.{ts,tsx}'],
		languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
		plugins: { 'react-hooks': hooks },
		rules: {
			'react-hooks/rules-of-hooks': 'error',
			'react-hooks/exhaustive-deps': 'error',
			'max-lines': ['error', 500],
			'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
			'@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
			'@typescript-eslint/consistent-type-definitions': ['error', 'type'],
			'@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
		},
	},
	{ files: ['**/*.gen.ts'], rules: { 'max-lines': 'off' } },
	{ files: ['**/*.test.{ts,tsx}', 'dev/**'], rules: { 'max-lines-per-function': 'off' } },
);
