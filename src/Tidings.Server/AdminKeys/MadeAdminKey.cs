using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Tidings.AspNetCore.Services;
using Tidings.Server.Configuration;

namespace Tidings.Server.AdminKeys;

/// <summary>Gives a server whose admin key nobody has set one of its own, kept in a file for each port it listens on. It is never shown; where it lies is.</summary>
internal sealed partial class MadeAdminKey(Edge tidings, ServerSettings settings, IServer server, ILogger<MadeAdminKey> log) : IHostedLifecycleService
{
    /// <summary>Where the key in force lies; null where none was made.</summary>
    public string? File { get; private set; }

    /// <summary>Makes or finds the key where one is needed. The ports are known once the server listens; until then what needs the key answers 401.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        Ensure();
        return Task.CompletedTask;
    }

    /// <summary>The same, after other options have come into force.</summary>
    public void Ensure()
    {
        if (tidings.AdminKey is not null || tidings.AdminAccess.TrustsLocal)
        {
            return;
        }

        if (settings.Options.IsShared)
        {
            LogSeveralNodes(settings.Options.SharedKey);
        }

        List<string> faults = [];
        foreach (var directory in AdminKeyDirectories.Find())
        {
            try
            {
                var files = Ports().Select(port => AdminKeyFile.PathOf(directory, port)).ToList();
                if (files.Count > 0)
                {
                    var key = Keep(files);
                    File = files[0];
                    tidings.UseMadeAdminKey(key);
                    LogMade(files[0]);
                    return;
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                faults.Add(error.Message);
            }
        }

        LogNone(faults.Count == 0 ? "There is no directory for it, or no port to name it by." : string.Join(" ", faults.Distinct()));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // One key for all: a command knows one port of the server.
    private static string Keep(List<string> files)
    {
        var key = files.Select(AdminKeyFile.Read).FirstOrDefault(static kept => kept is not null);
        foreach (var file in files)
        {
            var kept = AdminKeyFile.Ensure(file, key);
            key ??= kept;
            if (kept != key)
            {
                // Of a server that listened there before this one did.
                System.IO.File.Delete(file);
                AdminKeyFile.Ensure(file, key);
            }
        }

        return key!;
    }

    private IEnumerable<int> Ports() =>
        (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Select(BindingAddress.Parse).Where(static address => !address.IsUnixPipe && !address.IsNamedPipe)
            .Select(static address => address.Port).Distinct().Order();

    [LoggerMessage(650, LogLevel.Information, "Tidings:AdminKey is not set: this server's admin key is in {File}")]
    private partial void LogMade(string file);

    [LoggerMessage(651, LogLevel.Warning, "Tidings:AdminKey is not set and no key could be made: {Why} What needs the admin key answers 401; set Tidings:AdminKey")]
    private partial void LogNone(string why);

    [LoggerMessage(652, LogLevel.Warning, "{Option} names what several nodes share, and Tidings:AdminKey is not set: a made key opens this node alone. Set Tidings:AdminKey to the same on all nodes")]
    private partial void LogSeveralNodes(string option);
}
