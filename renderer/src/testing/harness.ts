/** The window on the fake lab, for looking at pages while the lab is not there: `vite renderer`, then /src/testing/harness.html. */
import { mount } from 'svelte';
import App from '../App.svelte';
import { FakeLab } from './fake-lab.ts';
import '../theme.css';

const target = document.getElementById('app');
if (target === null) throw new Error('the harness page has no #app');
const client = new FakeLab({ empty: new URLSearchParams(location.search).has('empty') });
Object.assign(window, { fakeLab: client });
mount(App, { target, props: { client } });
