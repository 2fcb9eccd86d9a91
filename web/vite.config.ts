import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The output is committed and embedded in the binary, so it must be the same in every build: plain
// names (the server sends an ETag), no source maps. The page's policy allows neither inline scripts
// and styles nor data: addresses, so nothing is inlined.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        entryFileNames: 'app.js',
        chunkFileNames: '[name].js',
        assetFileNames: (asset) =>
          asset.names.some((name) => name.endsWith('.css')) ? 'app.css' : '[name][extname]',
      },
    },
  },
  server: { proxy: { '/api': process.env.DFC_SERVE ?? 'http://127.0.0.1:8080' } },
});
