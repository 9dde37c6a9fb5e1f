// The colour that was chosen comes by the very lines that are pasted into a page's styles.

const styles = new CSSStyleSheet();
styles.replaceSync(document.documentElement.dataset.styles);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, styles];
