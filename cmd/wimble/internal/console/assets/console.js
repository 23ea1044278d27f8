// The pages work without this script. It keeps them current: what has the
// attribute data-live is fetched anew when something happened, and replaced.
"use strict";
(() => {
	const news = document.getElementById("news");
	let running = null;

	// load fetches a URL and puts its live parts in the place of those here.
	async function load(url, push) {
		running?.abort();
		running = new AbortController();
		let text;
		try {
			const answer = await fetch(url, { signal: running.signal });
			if (!answer.ok) return false;
			text = await answer.text();
		} catch {
			return false; // another one has begun, or the server has gone
		}
		const page = new DOMParser().parseFromString(text, "text/html");
		for (const here of document.querySelectorAll("[data-live]")) {
			const fresh = page.getElementById(here.id);
			if (!fresh) continue;
			const active = document.activeElement;
			const focus = here.contains(active) ? [active.id, active.getAttribute("href"), active.textContent] : null;
			here.replaceWith(document.adoptNode(fresh));
			if (focus) refocus(fresh, focus);
		}
		if (push) history.replaceState(null, "", url);
		return true;
	}

	function refocus(within, [id, href, text]) {
		const all = [...within.querySelectorAll("a, button, [tabindex]")];
		const again = all.find(e => id && e.id === id) ?? all.find(e => href && e.getAttribute("href") === href) ?? all.find(e => e.textContent === text);
		again?.focus();
	}

	// Sorting and filtering stay on the page.
	document.addEventListener("click", event => {
		const link = event.target.closest?.("a[data-swap]");
		if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
		event.preventDefault();
		const url = new URL(link.href);
		load(url, true).then(() => {
			const form = document.querySelector("form[role=search]");
			if (!form) return;
			for (const name of ["sort", "order"]) {
				form.querySelector(`[name=${name}]`)?.remove();
				if (!url.searchParams.has(name)) continue;
				const field = document.createElement("input");
				Object.assign(field, { type: "hidden", name, value: url.searchParams.get(name) });
				form.append(field);
			}
			if (!url.searchParams.has("q")) form.q.value = "";
		});
	});
	const filter = document.querySelector("form[role=search]");
	if (filter) {
		let timer;
		const apply = () => load("/?" + new URLSearchParams(new FormData(filter)), true);
		filter.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 150); });
		filter.addEventListener("submit", event => { event.preventDefault(); apply(); });
	}

	// say tells what happened, also to those who do not see it.
	function say(text) {
		const line = document.createElement("p");
		line.textContent = text;
		news.append(line);
		while (news.children.length > 4) news.firstChild.remove();
		setTimeout(() => line.remove(), 30000);
	}

	// visible shows what is not for the eye as the pages do.
	const visible = text => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, c => "\\u" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0"));

	const words = { added: "was added", removed: "was removed", changed: "changed" };
	function onPackage(event) {
		const e = JSON.parse(event.data);
		say(visible(`${e.name} ${words[e.kind]}` + (e.changes ? ": " + e.changes.join("; ") : "")));
		const shown = document.querySelector("[data-package]")?.dataset.package;
		if (document.getElementById("list") || shown === e.subject && e.kind !== "removed") load(location.href, false);
	}
	function onJob(event) {
		const job = JSON.parse(event.data).data;
		const here = document.querySelector(`[data-job="${job.id}"]`);
		const progress = here?.querySelector("progress");
		if (!progress) return;
		if (job.state === "running" && job.bytes_total > 0) {
			const percent = Math.min(100, Math.floor(100 * job.bytes_done / job.bytes_total));
			progress.value = percent;
			here.querySelector("#percent").textContent = percent + " %";
			if (!here.dataset.running) here.dataset.running = "yes", load(location.href, false);
		} else if (job.state !== "waiting" && job.state !== "running") {
			load(location.href, false).then(() => say(visible(`${job.name}: verification has ended`)));
		}
	}
	if (document.getElementById("list") || document.querySelector("[data-package]")) {
		let events = null, lost = false, last = document.body.dataset.event;
		function listen() {
			events = new EventSource("/api/events?after=" + last);
			const on = (kind, handle) => events.addEventListener(kind, event => { last = event.lastEventId; handle(event); });
			for (const kind of Object.keys(words)) on(kind, onPackage);
			on("job", onJob);
			events.addEventListener("error", () => { lost = true; });
			events.addEventListener("open", () => { if (lost) load(location.href, false); lost = false; });
		}
		function stop() {
			if (events) lost = true;
			events?.close();
			events = null;
		}
		// A browser has six connections to a server for all its tabs, so that only a
		// page that is seen keeps one.
		function turn() {
			if (document.hidden) stop();
			else if (!events) listen();
		}
		document.addEventListener("visibilitychange", turn);
		window.addEventListener("pagehide", stop);
		window.addEventListener("pageshow", turn); // of a page that was kept
		turn();
	}
})();
