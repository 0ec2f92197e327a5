// Starts `cosmosql lsp` and hands the editor's talk over to it. Everything else is the server's.
"use strict";

const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function program() {
  const configured = workspace.getConfiguration("cosmosql").get("command");
  if (configured) return configured;
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath;
  const [directory, name] = process.platform === "win32" ? ["Scripts", "cosmosql.exe"] : ["bin", "cosmosql"];
  const local = folder && workspace.isTrusted && join(folder, ".venv", directory, name);
  return local && existsSync(local) ? local : "cosmosql";
}

async function start() {
  const command = program();
  client = new LanguageClient(
    "cosmosql",
    "CosmosQL",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "cosmos" }] },
  );
  try {
    await client.start();
  } catch (error) {
    const answer = await window.showErrorMessage(
      `CosmosQL: cannot start \`${command} lsp\`. Install it with: pip install 'cosmosql[lsp]'`,
      "Open settings",
    );
    if (answer) commands.executeCommand("workbench.action.openSettings", "cosmosql.command");
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running?.isRunning()) await running.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand("cosmosql.restart", restart),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("cosmosql.command")) restart();
    }),
    workspace.onDidGrantWorkspaceTrust(restart),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
