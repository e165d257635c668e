using System.CommandLine;
using Tidings.Server.Configuration;
using Tidings.Server.Terminal;

namespace Tidings.Server.Checking;

/// <summary><c>tidings check</c>: what <c>tidings serve</c> would say of its configuration, without serving.</summary>
internal sealed class CheckCommand
{
    private readonly Argument<FileInfo[]> _files = new("file") { Description = "JSON files to check in the place of appsettings.json", Arity = ArgumentArity.ZeroOrMore };

    private readonly Option<bool> _show = new("--show") { Description = "List every option in force with where it comes from; secrets are not shown" };

    private readonly Option<string> _preset = new Option<string>("--preset") { Description = "Print settings to begin with, for appsettings.json: for clients of pusher or centrifuge" }.AcceptOnlyFromAmong("pusher", "centrifuge");

    public CheckCommand() => _files.Validators.Add(static result =>
    {
        // The name is not repeated: what stands here by mistake may be a secret.
        foreach (var (index, _) in result.Tokens.Index().Where(static token => !File.Exists(token.Item.Value)))
        {
            result.AddError($"File {index + 1} of those to check does not exist. After an option's name its value follows a space or \"=\"; what is no option is taken for a file.");
        }
    });

    public Command Command
    {
        get
        {
            var command = new Command("check", "Checks the configuration as serve would read it: files, environment, command line. Exit code 2: something is wrong.") { _files, _show, _preset };
            ServeOptions.AddTo(command);
            command.Does((parsed, output, _) => Task.FromResult(Check(parsed, output)));
            return command;
        }
    }

    private int Check(ParseResult parsed, CommandOutput output)
    {
        if (parsed.GetValue(_preset) is { } preset)
        {
            using var settingsToBeginWith = new StreamReader(typeof(CheckCommand).Assembly.GetManifestResourceStream("preset-" + preset)!);
            output.Line(settingsToBeginWith.ReadToEnd().TrimEnd());
            return ExitCode.Done;
        }

        IReadOnlyList<string> faults = [];
        ServerSettings? settings = null;
        IConfigurationRoot? configuration = null;
        IReadOnlyList<string> notes = [];
        try
        {
            var builder = ServerConfiguration.CreateBuilder(ServeOptions.Read(parsed));
            configuration = builder.Configuration;
            if (parsed.GetValue(_files) is { Length: > 0 } files)
            {
                builder.Configuration.ReplaceFiles(files);
            }

            settings = ServerSettings.Read(configuration);
            notes = [.. ConfigurationNotes.Of(settings, settings.IsTriedOut(builder.Environment, configuration))];
        }
        catch (Exception error) when (ConfigurationFaults.Of(error) is { } found)
        {
            faults = found;
        }

        var engine = settings is null ? default : ConfigurationNotes.EngineOf(settings.Options);
        var values = settings is null || !parsed.GetValue(_show) ? [] : EffectiveOptions.Of(settings, configuration!).ToList();
        if (output.IsJson)
        {
            WriteJson(output, faults, notes, engine.Name, values);
        }
        else
        {
            Write(output, faults, notes, engine, values);
        }

        return faults.Count == 0 ? ExitCode.Done : ExitCode.Misused;
    }

    private static void Write(CommandOutput output, IReadOnlyList<string> faults, IReadOnlyList<string> notes, (string Name, string Promise) engine, List<EffectiveOption> values)
    {
        if (faults.Count > 0)
        {
            output.Note("The server would not start; these options are wrong:");
            foreach (var fault in faults)
            {
                output.Note($"  - {CommandOutput.Clean(fault)}");
            }
        }
        else if (values.Count > 0)
        {
            output.Table(["key", "value", "from"], values.Select(static value => (IReadOnlyList<string>)[value.Key, value.Value, value.Source]));
        }
        else
        {
            output.Line("The configuration is good.");
            output.Line($"Engine: {engine.Name}, {engine.Promise}");
        }

        foreach (var note in notes)
        {
            output.Line($"Note: {note}");
        }
    }

    private static void WriteJson(CommandOutput output, IReadOnlyList<string> faults, IReadOnlyList<string> notes, string? engine, List<EffectiveOption> values) => output.Json(writer =>
    {
        writer.WriteBoolean("ok", faults.Count == 0);
        writer.WriteStartArray("faults");
        foreach (var fault in faults)
        {
            writer.WriteStringValue(fault);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("notes");
        foreach (var note in notes)
        {
            writer.WriteStringValue(note);
        }

        writer.WriteEndArray();
        if (engine is not null)
        {
            writer.WriteString("engine", engine);
        }

        if (values.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("options");
        foreach (var value in values)
        {
            writer.WriteStartObject();
            writer.WriteString("key", value.Key);
            writer.WriteString("value", value.Value);
            writer.WriteString("from", value.Source);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });
}
