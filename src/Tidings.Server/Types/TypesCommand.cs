using System.CommandLine;
using System.Text.Json;
using Tidings.AspNetCore.Contract;
using Tidings.AspNetCore.Hosting;
using Tidings.Server.Terminal;

namespace Tidings.Server.Types;

/// <summary><c>tidings types</c>: TypeScript or C# of what an application declares in its AsyncAPI document.</summary>
internal sealed class TypesCommand
{
    private const int Largest = 16 << 20;

    private readonly Argument<string> _source = new("document") { Description = "The AsyncAPI document: an http or https address, as http://localhost:5000/asyncapi.json, or a file" };
    private readonly Option<string?> _output = new("--output", "-o") { Description = "The file to write; without it the types go to standard output" };
    private readonly Option<bool> _unregistered = new("--unregistered") { Description = "The types are for new Tidings<App>() alone, as where a page has clients of two applications" };

    private readonly Option<bool> _csharp = new("--csharp") { Description = "C# for Tidings.Client instead of TypeScript, as for a file that ends in .cs" };
    private readonly Option<string> _namespace = new("--namespace") { Description = $"The namespace of the C#; without it {CSharpFile.Namespace}", DefaultValueFactory = static _ => CSharpFile.Namespace };

    public TypesCommand()
    {
        Command = new Command("types", "Writes TypeScript or C# of an application's channels, calls, tasks and resources.") { _source, _output, _unregistered, _csharp, _namespace };
        Command.Does(RunAsync);
    }

    public Command Command { get; }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var source = parsed.GetValue(_source)!;
        var path = parsed.GetValue(_output);
        var isCSharp = parsed.GetValue(_csharp) || (path is not null && TypesOutput.IsCSharp(path));
        if (isCSharp && parsed.GetValue(_namespace) is { } name && !CSharpNames.IsNamespace(name))
        {
            throw new CommandException($"--namespace: \"{name}\" is no name of a namespace.");
        }

        var types = Write(source, await ReadAsync(source, cancellationToken),
            document => isCSharp ? CSharpFile.Write(document, parsed.GetValue(_namespace)!) : TypeScriptFile.Write(document, !parsed.GetValue(_unregistered)));
        if (path is null)
        {
            Tell(output, types);
            return ExitCode.Done;
        }

        try
        {
            await File.WriteAllTextAsync(path, types, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The file {path} cannot be written: {fault.Message}");
        }

        output.Note($"Wrote {path}.");
        return ExitCode.Done;
    }

    private static void Tell(CommandOutput output, string types)
    {
        if (output.IsJson)
        {
            output.Json(json => json.WriteString("types", types));
        }
        else
        {
            output.Line(types.TrimEnd('\n'));
        }
    }

    private static string Write(string source, byte[] document, Func<JsonElement, string> write)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            return write(json.RootElement);
        }
        catch (JsonException)
        {
            throw new CommandException($"What {source} has is no JSON; an AsyncAPI document is asked for, as MapAsyncApi serves it.");
        }
        catch (FormatException fault)
        {
            throw new CommandException(fault.Message);
        }
    }

    private static async Task<byte[]> ReadAsync(string source, CancellationToken cancellationToken)
    {
        try
        {
            if (!Uri.TryCreate(source, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                return new FileInfo(source) is { Exists: true, Length: > Largest } ? throw new CommandException($"{source} is over 16 MB.") : await File.ReadAllBytesAsync(source, cancellationToken);
            }

            using var http = new HttpClient { MaxResponseContentBufferSize = Largest, Timeout = TimeSpan.FromSeconds(20) };
            return await http.GetByteArrayAsync(address, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or HttpRequestException or NotSupportedException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CommandException($"{source} cannot be read: {fault.Message}");
        }
    }
}
