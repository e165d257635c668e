using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration.Json;
using Tidings.AspNetCore.Services;
using Tidings.Server.AdminKeys;
using Tidings.Server.Configuration;
using Tidings.Server.Tls;

namespace Tidings.Server.Reloading;

/// <summary>Reads the configuration anew when its files have changed, and at SIGHUP, and puts in force what can change while the server runs: all of it, or
/// nothing where anything is wrong.</summary>
/// <remarks>As with certificates it looks at what the files hold, every five seconds: notices of the file system know nothing of links that are turned to other files.</remarks>
internal sealed partial class ConfigurationReload : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, string?> _commandLine;
    private readonly IReadOnlyList<string> _files;
    private readonly ServerSettings _started;
    private readonly IServiceProvider _services;
    private readonly ILogger _log;
    private ServerSettings _inForce;
    private byte[] _seen;
    private ITimer? _timer;
    private PosixSignalRegistration? _signal;

    /// <param name="commandLine">What goes before environment and files.</param>
    /// <param name="started">What the server was started with.</param>
    /// <param name="configuration">Where that was read from.</param>
    /// <param name="services">The server.</param>
    /// <param name="log">Where it says what it does.</param>
    public ConfigurationReload(
        Dictionary<string, string?> commandLine, ServerSettings started, IConfigurationBuilder configuration, IServiceProvider services, ILogger<ConfigurationReload> log)
    {
        (_commandLine, _started, _inForce, _services, _log) = (commandLine, started, started, services, log);
        _files = [.. configuration.Sources.OfType<JsonConfigurationSource>().Select(static source => source.FileProvider?.GetFileInfo(source.Path!).PhysicalPath).OfType<string>()];
        _seen = Digest();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = _services.GetRequiredService<TimeProvider>().CreateTimer(static reload => ((ConfigurationReload)reload!).Look(), this, Interval, Interval);

        // To who sits at a terminal it says that the terminal is gone.
        if (!OperatingSystem.IsWindows() && Console.IsInputRedirected)
        {
            _signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                Reload();
            });
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _signal?.Dispose();
    }

    private void Look()
    {
        lock (_gate)
        {
            if (Digest() is var found && !found.AsSpan().SequenceEqual(_seen))
            {
                Reload_NeedsLock(found);
            }
        }
    }

    private void Reload()
    {
        lock (_gate)
        {
            Reload_NeedsLock(Digest());
        }
    }

    private void Reload_NeedsLock(byte[] found)
    {
        // Noted first: files that are wrong are complained of once.
        _seen = found;
        var tidings = _services.GetRequiredService<Edge>();
        try
        {
            using var configuration = ServerConfiguration.CreateBuilder(_commandLine).Configuration;
            var read = ServerSettings.Read(configuration);
            List<string> faults = [.. tidings.ReloadFaults(read.Options.Tidings)];
            if (faults.Count > 0)
            {
                LogRefused(_log, Lines(faults));
                return;
            }

            if (!read.IsTriedOut(_services.GetRequiredService<IHostEnvironment>(), configuration))
            {
                tidings.LocalRule.End();
            }

            PutInForce(tidings, read);
        }
        catch (Exception error) when (ConfigurationFaults.Of(error) is { } faults)
        {
            LogRefused(_log, Lines(faults));
        }
    }

    private void PutInForce(Edge tidings, ServerSettings read)
    {
        tidings.Reload(read.Options.Tidings);
        _services.GetRequiredService<MadeAdminKey>().Ensure();
        if (_services.GetService<CertificateFiles>() is { } files && read.Tls is { } tls)
        {
            files.Change(tls.Files);
        }

        var changed = OptionChange.Between(_inForce, read).Where(static change => change.IsReloadable).ToList();
        var pending = OptionChange.Between(_started, read).Where(static change => !change.IsReloadable).ToList();
        _inForce = read;
        LogReloaded(_log, changed.Count == 0 ? "nothing has changed" : string.Join(", ", changed.Select(static change => change.Path)));
        if (pending.Count > 0)
        {
            LogPending(_log, string.Join(", ", pending.Select(static change => change.Path)));
        }
    }

    private byte[] Digest() => [.. _files.SelectMany(static file => Digest(file))];

    private static byte[] Digest(string file)
    {
        try
        {
            return File.Exists(file) ? SHA256.HashData(File.ReadAllBytes(file)) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Lines(IEnumerable<string> faults) => string.Join("; ", faults);

    [LoggerMessage(630, LogLevel.Information, "The configuration was reloaded: {Changes}")]
    private static partial void LogReloaded(ILogger log, string changes);

    [LoggerMessage(631, LogLevel.Warning, "These options changed and need a restart: {Options}")]
    private static partial void LogPending(ILogger log, string options);

    [LoggerMessage(632, LogLevel.Error, "The changed configuration is invalid; the previous one stays in force as a whole: {Faults}")]
    private static partial void LogRefused(ILogger log, string faults);
}
