using System.CommandLine;
using Tidings.Server;
using Tidings.Server.Configuration;

var serve = new Command("serve", "Runs the server.") { TreatUnmatchedTokensAsErrors = true };
ServeOptions.AddTo(serve);
serve.SetAction((parsed, cancellationToken) => ServeCommand.RunAsync(ServeOptions.Read(parsed), cancellationToken));

var root = new RootCommand("Tidings: real-time push for browsers and programs.");
root.Subcommands.Add(serve);
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
