import { createApp } from "vue";
import "./kit/tokens.css";
import "./kit/base.css";
import App from "./App.vue";
import { applySettings } from "./kit/settings";
import { makeRouter } from "./screens/router";
import { language, setLanguage } from "./text";

applySettings();
setLanguage(language.value);
createApp(App).use(makeRouter()).mount("#app");

// Phones work without a network; the worker keeps the application itself on the device.
if (import.meta.env.PROD && "serviceWorker" in navigator) window.addEventListener("load", () => void navigator.serviceWorker.register("/sw.js").catch(() => undefined));
