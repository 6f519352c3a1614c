/** Lint of the whole project: typed rules for TypeScript and Svelte, and the layers of `layers.ts`. */
import path from 'node:path';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import { layersRule } from './layers.ts';

const project = path.join(import.meta.dirname, '..');
const components = ['**/*.svelte', '**/*.svelte.ts'];

/** Electron's dangerous parts, by any name that they are reached through. */
const electronParts = {
  selector: 'Identifier[name=/^(BrowserWindow|ipcMain|webFrame|contextBridge|ipcRenderer|openExternal)$/]',
  message: "Electron's parts belong to main.ts, preload.ts and shell.ts.",
};
const markup = {
  selector: 'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]',
  message: 'What models and data files say is text, never markup.',
};

/** Of ESLint's own rules, those that find what the compiler and the typed rules do not. */
const coreRules = [
  'no-async-promise-executor',
  'no-constant-binary-expression',
  'no-control-regex',
  'no-debugger',
  'no-empty',
  'no-eval',
  'no-loss-of-precision',
  'no-misleading-character-class',
  'no-new-func',
  'no-prototype-builtins',
  'no-self-compare',
  'no-sparse-arrays',
  'no-unsafe-finally',
  'no-unused-labels',
  'no-useless-escape',
  'no-var',
];

export default tseslint.config(
  { ignores: ['node_modules/**', 'dist/**', 'coverage/**'] },
  { files: ['**/*.ts', ...components], extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked] },
  ...svelte.configs.recommended,
  {
    files: ['**/*.ts', ...components],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['renderer/vite.config.ts'] },
        tsconfigRootDir: project,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Matters of taste, decided case by case.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // `{}` is the contract's "no input" and "no output".
      '@typescript-eslint/no-empty-object-type': 'off',
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      // Kernels index typed arrays within bounds that the compiler cannot see.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/prefer-for-of': 'off',
      // Texts are taken apart on purpose where they are, by code point.
      '@typescript-eslint/no-misused-spread': 'off',
      // Takes every subclass of an Electron class for a defect.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A handler that has nothing to wait for is still a promise to its caller.
      '@typescript-eslint/require-await': 'off',
      // Index signatures come from outside; the brackets say so (and tsc asks for them).
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
    },
  },
  {
    files: components,
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'no-undef': 'off',
      // Both of these svelte-check does, which understands runes and reasons given with an ignore.
      'prefer-const': 'off',
      'svelte/no-unused-svelte-ignore': 'off',
      // A Map that is built and read within one derivation needs no reactivity of its own.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    // The types of imported components and runes are not known to the linter in markup; svelte-check checks them there.
    files: ['**/*.svelte'],
    rules: Object.fromEntries(
      ['assignment', 'argument', 'call', 'member-access', 'return'].map((kind) => [`@typescript-eslint/no-unsafe-${kind}`, 'off']),
    ),
  },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals: { process: 'readonly', URL: 'readonly', console: 'readonly' } } },
  {
    files: ['**/*.{ts,js,mjs,svelte}'],
    plugins: { candor: { rules: { layers: layersRule(project) } } },
    rules: {
      'candor/layers': 'error',
      ...Object.fromEntries(coreRules.map((rule) => [rule, 'error'])),
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: true }],
      'no-restricted-syntax': ['error', electronParts, markup],
    },
  },
  {
    files: ['electron/{main,preload,shell}.ts', 'electron/*.test.ts', 'electron/testing/**', 'e2e/**'],
    rules: { 'no-restricted-syntax': ['error', markup] },
  },
  { files: ['**/*.test.ts', '**/testing/**/*.ts', '**/*.e2e.ts'], rules: { '@typescript-eslint/unbound-method': 'off' } },
);
