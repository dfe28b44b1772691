// Before the first paint: the theme this browser chose. A plain script, so that it runs at once.
(() => {
  try {
    const theme = JSON.parse(localStorage.getItem("opencode.theme"));
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // no storage: the system's theme
  }
})();
