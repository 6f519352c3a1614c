import { mount } from 'svelte';
import App from './App.svelte';
import { connect } from './connect.ts';
import { applyTheme, storedTheme } from './theme.ts';
import './theme.css';

applyTheme(storedTheme());
const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(App, { target, props: { client: connect() } });
