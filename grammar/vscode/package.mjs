// Bundles the extension with its client library, takes the generated grammar beside it, and
// packages both as build/cosmosql.vsix. `make vscode` runs it in a copy, build/vscode.
import { copyFileSync } from "node:fs";
import { build } from "esbuild";
import { createVSIX } from "@vscode/vsce";

await build({
  entryPoints: ["extension.js"],
  outfile: "dist/extension.js",
  bundle: true,
  external: ["vscode"],
  format: "cjs",
  platform: "node",
  target: "node20",
  minify: true,
});
for (const name of ["cosmos.tmLanguage.json", "cosmos.language-configuration.json"]) {
  copyFileSync(`../../grammar/${name}`, name);
}
copyFileSync("../../LICENSE", "LICENSE");
await createVSIX({
  packagePath: "../cosmosql.vsix",
  dependencies: false,
  skipLicense: true,
  allowMissingRepository: true,
});
