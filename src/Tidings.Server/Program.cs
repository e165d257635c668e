using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Tidings.Server;
using Tidings.Server.Bench;
using Tidings.Server.Checking;
using Tidings.Server.Configuration;
using Tidings.Server.Data;
using Tidings.Server.Postgres;
using Tidings.Server.Remote;
using Tidings.Server.Terminal;
using Tidings.Server.Tokens;
using Tidings.Server.Types;

var serve = new Command("serve", "Runs the server.") { TreatUnmatchedTokensAsErrors = true };
ServeOptions.AddTo(serve);
serve.SetAction((parsed, cancellationToken) => ServeCommand.RunAsync(ServeOptions.Read(parsed), cancellationToken));

// Not a RootCommand, which is called what the file is called.
var root = new Command("tidings", "Tidings: real-time push for browsers and programs.") { new HelpOption(), new VersionOption() };
root.Subcommands.Add(serve);
root.Subcommands.Add(new PublishCommand().Command);
root.Subcommands.Add(new SubscribeCommand().Command);
root.Subcommands.Add(new EventsCommand().Command);
root.Subcommands.Add(new HistoryCommand().Command);
root.Subcommands.Add(new PresenceCommand().Command);
root.Subcommands.Add(ListCommand.Channels().Command);
root.Subcommands.Add(ListCommand.Connections().Command);
root.Subcommands.Add(new FollowCommand().Command);
root.Subcommands.Add(new HealthCommand().Command);
root.Subcommands.Add(new BenchCommand().Command);
root.Subcommands.Add(new CheckCommand().Command);
root.Subcommands.Add(DataCommand.Create());
root.Subcommands.Add(DataCommand.Backup());
root.Subcommands.Add(PostgresCommand.Create());
root.Subcommands.Add(TokenCommand.Create());
root.Subcommands.Add(new TypesCommand().Command);
var parsed = root.Parse(args);
return parsed.Action is ParseErrorAction
    ? CommandAction.Misused(parsed)
    : await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
