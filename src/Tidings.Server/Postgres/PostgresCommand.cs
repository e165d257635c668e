using System.CommandLine;
using Tidings.Brokers;
using Tidings.PostgreSql.Databases;
using Tidings.Server.Terminal;

namespace Tidings.Server.Postgres;

/// <summary><c>tidings postgres</c>: the schema of the engine <c>postgres</c>.</summary>
internal static class PostgresCommand
{
    public static Command Create() => new("postgres", "Looks after the schema tidings (--engine postgres).") { Init(), Renew() };

    private static Command Init()
    {
        var connection = Connection();
        var print = new Option<bool>("--print") { Description = "Only prints the statements, for whoever may run them" };
        var role = new Option<string?>("--role") { Description = "The role of the nodes, where it is not the owner of the schema: it may do what nodes do" };
        var publisher = new Option<string?>("--publisher") { Description = "A role that may publish with tidings.publish(…), and nothing else" };
        var command = new Command("init", "Makes the schema tidings where it is missing, and lets roles use it. Nodes make it by themselves where they may.") { connection, print, role, publisher };
        command.Does(async (parsed, output, _) =>
        {
            if (parsed.GetValue(print))
            {
                output.Line(SchemaScript.Print(parsed.GetValue(role), parsed.GetValue(publisher)));
                return ExitCode.Done;
            }

            await RunAsync(parsed.GetValue(connection), async database =>
            {
                await using var opened = await database.OpenAsync();
                await SchemaScript.EnsureAsync(opened);
                if (SchemaScript.Grants(parsed.GetValue(role), parsed.GetValue(publisher)) is { Length: > 0 } grants)
                {
                    await new Statement(grants).RunAsync(opened, Statement.ValueAsync);
                }
            });
            Done(output, "made", $"The schema tidings, version {SchemaScript.Version}, is there.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Renew()
    {
        var connection = Connection();
        var command = new Command("renew", "Begins new epochs in a database that is a copy of which PostgreSQL itself does not know, as of a snapshot of its disk: clients are told that they may have missed something.") { connection };
        command.Does(async (parsed, output, _) =>
        {
            await RunAsync(parsed.GetValue(connection), static async database => await new Statement("SELECT tidings.renew_1(generation) FROM tidings.cluster").AskAsync(database));
            Done(output, "renewed", "New epochs have begun; messages, tasks, revocations and tickets stay.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string?> Connection() => new("--postgres") { Description = "PostgreSQL's connection string, as Host=…;Database=…; by default Tidings__PostgreSql of the environment" };

    private static async Task RunAsync(string? connectionString, Func<PostgreSqlDatabase, Task> run)
    {
        if ((connectionString ?? Environment.GetEnvironmentVariable("Tidings__PostgreSql")) is not { Length: > 0 } text)
        {
            throw new CommandException("--postgres (or Tidings__PostgreSql) must say where PostgreSQL is, as Host=127.0.0.1;Database=tidings.");
        }

        try
        {
            await using var database = new PostgreSqlDatabase(text, "init");
            await run(database);
        }
        catch (ArgumentException error)
        {
            throw new CommandException($"--postgres is no connection string of Npgsql: {error.Message}");
        }
        catch (Exception error) when (error is BrokerUnavailableException || PostgreSqlFault.Is(error))
        {
            throw new CommandException(PostgreSqlFault.Translate(error).Message);
        }
    }

    private static void Done(CommandOutput output, string name, string text)
    {
        if (output.IsJson)
        {
            output.Json(writer => writer.WriteBoolean(name, true));
        }
        else
        {
            output.Line(text);
        }
    }
}
