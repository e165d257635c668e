using System.CommandLine;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <summary><c>tidings health</c>: whether a server is alive, asked where there is no curl, as in the container image.</summary>
internal sealed class HealthCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private readonly RemoteOptions _remote = new();

    public Command Command
    {
        get
        {
            var command = new Command("health", "Asks a server whether it is alive. Exit code 1: it does not say so.");
            _remote.AddUrlTo(command);
            command.Does(RunAsync);
            return command;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var url = _remote.Url(parsed);
        using var http = new HttpClient { Timeout = Limit };
        try
        {
            using var response = await http.GetAsync(new Uri(url, "healthz"), cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new CommandException($"{url} is not healthy: {(int)response.StatusCode}.");
            }
        }
        catch (HttpRequestException error)
        {
            throw new CommandException($"No answer from {url}: {RemoteFaults.Innermost(error)} Is the server running there? --url names another.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandException($"No answer from {url} within {Limit.TotalSeconds} s.");
        }

        if (output.IsJson)
        {
            output.Json(static writer => writer.WriteString("status", "healthy"));
        }
        else
        {
            output.Line("Healthy");
        }

        return ExitCode.Done;
    }
}
