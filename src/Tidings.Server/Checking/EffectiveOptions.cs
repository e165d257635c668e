using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;
using Tidings.Engine;
using Tidings.Options;
using Tidings.Redis.Servers;
using Tidings.Server.Configuration;
using Tidings.Server.Options;

namespace Tidings.Server.Checking;

/// <summary>An option in force.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Value">As it is written; empty where it is not set.</param>
/// <param name="Source">Where it comes from.</param>
internal sealed record EffectiveOption(string Key, string Value, string Source);

/// <summary>Tells which options are in force, and where each comes from.</summary>
internal static class EffectiveOptions
{
    public static IEnumerable<EffectiveOption> Of(ServerSettings settings, IConfigurationRoot configuration) =>
        OptionKey.All(settings.Options)
            .Select(key => Tell(key, settings.Options, configuration))
            .Prepend(new EffectiveOption("urls", settings.Urls, SourceOf(configuration, "urls") ?? "default"));

    private static EffectiveOption Tell(OptionKey key, ServerOptions options, IConfigurationRoot configuration)
    {
        var value = OptionValue.Write(key.Value, OptionValue.IsSize(key.Property));
        var shown = Shown(key, value);
        if (SourceOf(configuration, key.Path) is { } source)
        {
            return new EffectiveOption(key.Path, shown, source);
        }

        if (key.Property.DeclaringType != typeof(LimitOptions) || key.Property.Name == nameof(LimitOptions.Preset))
        {
            return new EffectiveOption(key.Path, shown, "default");
        }

        // A limit that nobody has set has a value all the same.
        var preset = options.Tidings.Limits.Preset;
        return key.Value is null
            ? new EffectiveOption(key.Path, PresetLimits.Write(key.Property, Limits.From(options.Tidings.Limits)), $"preset {OptionValue.Write(preset, isSize: false)}")
            : new EffectiveOption(key.Path, shown, "demo");
    }

    // Of what leads to other servers the servers are shown.
    private static string Shown(OptionKey key, string value) => key.Property.Name switch
    {
        nameof(ServerOptions.Redis) => string.Join(';', value.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(RedisServerAddress.EndPoint)),
        nameof(ServerOptions.Otlp) when value.Length > 0 => new Uri(value).GetLeftPart(UriPartial.Path),
        _ => key.IsSecret && value.Length > 0 ? "(not shown)" : value,
    };

    // The last source goes first. An empty value is unset, wherever it stands.
    private static string? SourceOf(IConfigurationRoot configuration, string key)
    {
        foreach (var provider in configuration.Providers.Reverse())
        {
            if (provider.TryGet(key, out var value))
            {
                return string.IsNullOrWhiteSpace(value) ? null : provider switch
                {
                    JsonConfigurationProvider { Source: { Path: { } path, FileProvider: var files } } => files?.GetFileInfo(path).PhysicalPath ?? path,
                    EnvironmentVariablesConfigurationProvider => "environment",
                    MemoryConfigurationProvider => "command line",
                    _ => "configuration",
                };
            }
        }

        return null;
    }
}
