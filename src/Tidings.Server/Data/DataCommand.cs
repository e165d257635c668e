using System.CommandLine;
using Tidings.Data;
using Tidings.Data.Directories;
using Tidings.Data.Files;
using Tidings.Server.Terminal;

namespace Tidings.Server.Data;

/// <summary><c>tidings data</c> and <c>tidings backup</c>: a data directory, without a server or beside one.</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Looks after a data directory (--data).") { Check(), Info(), Renew() };

    public static Command Backup()
    {
        var directory = Directory();
        var file = new Argument<string>("file") { Description = "The file that is written: a tar archive, readable by its owner alone" };
        var command = new Command("backup", "Copies a data directory into a file, while a server has it or not.") { directory, file };
        command.Does((parsed, output, _) => Run(() =>
        {
            var bytes = DataBackup.Write(parsed.GetValue(directory)!, parsed.GetValue(file)!);
            if (output.IsJson)
            {
                output.Json(writer => writer.WriteNumber("bytes", bytes));
            }
            else
            {
                output.Line($"{bytes} bytes written to {parsed.GetValue(file)}");
            }

            return ExitCode.Done;
        }));
        return command;
    }

    private static Command Check()
    {
        var directory = Directory();
        var command = new Command("check", "Reads everything in a data directory and says what is whole. Exit code 1: something is damaged.") { directory };
        command.Does((parsed, output, _) => Run(() =>
        {
            var report = DataReport.Read(parsed.GetValue(directory)!);
            Write(output, report);
            return report.Damage.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        }));
        return command;
    }

    private static Command Info()
    {
        var directory = Directory();
        var command = new Command("info", "Says what is in a data directory.") { directory };
        command.Does((parsed, output, _) => Run(() =>
        {
            Write(output, DataReport.Read(parsed.GetValue(directory)!));
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command Renew()
    {
        var directory = Directory();
        var command = new Command("renew", "Begins new epochs in a data directory that is a copy, as of a snapshot: clients are told that they may have missed something.") { directory };
        command.Does((parsed, output, _) => Run(() =>
        {
            DataRenewal.Renew(parsed.GetValue(directory)!);
            if (output.IsJson)
            {
                output.Json(static writer => writer.WriteBoolean("renewed", true));
            }
            else
            {
                output.Line("The next start begins new epochs; messages, tasks, revocations and tickets stay.");
            }

            return ExitCode.Done;
        }));
        return command;
    }

    private static Argument<string> Directory() => new("directory") { Description = "The data directory" };

    private static Task<int> Run(Func<int> run)
    {
        try
        {
            return Task.FromResult(run());
        }
        catch (DataDirectoryException error)
        {
            throw new CommandException(error.Message);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The data directory cannot be read: {error.Message}");
        }
    }

    private static void Write(CommandOutput output, DataReport report)
    {
        if (output.IsJson)
        {
            output.Json(writer =>
            {
                writer.WriteBoolean("whole", report.Damage.Count == 0);
                writer.WriteNumber("format", Manifest.Version);
                writer.WriteBoolean("in_use", report.InUse);
                writer.WriteNumber("segments", report.Segments);
                writer.WriteNumber("bytes", report.Bytes);
                writer.WriteNumber("logs", report.Logs);
                writer.WriteNumber("messages", report.Messages);
                writer.WriteNumber("keys", report.Keys);
                writer.WriteNumber("tasks", report.Tasks);
                writer.WriteNumber("revocations", report.Revocations);
                writer.WriteNumber("streams", report.Streams);
                foreach (var (name, texts) in new[] { ("damage", report.Damage), ("notes", report.Notes) })
                {
                    writer.WriteStartArray(name);
                    foreach (var text in texts)
                    {
                        writer.WriteStringValue(text);
                    }

                    writer.WriteEndArray();
                }
            });
            return;
        }

        output.Line($"format       {Manifest.Version}");
        output.Line($"in use       {(report.InUse ? "yes" : "no")}");
        output.Line($"segments     {report.Segments}, {report.Bytes} bytes");
        output.Line($"logs         {report.Logs}, {report.Messages} messages, {report.Keys} keys of state");
        output.Line($"tasks        {report.Tasks}");
        output.Line($"revocations  {report.Revocations}");
        output.Line($"streams      {report.Streams}");
        foreach (var damage in report.Damage)
        {
            output.Line($"damaged: {damage}");
        }

        foreach (var note in report.Notes)
        {
            output.Line($"Note: {note}");
        }

        if (report.Damage.Count == 0)
        {
            output.Line("All is whole.");
        }
    }
}
