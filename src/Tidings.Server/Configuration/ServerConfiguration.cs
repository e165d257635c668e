using Microsoft.Extensions.Configuration.Json;

namespace Tidings.Server.Configuration;

/// <summary>Where options come from. Later ones go before earlier ones: files, the environment, the command line.</summary>
internal static class ServerConfiguration
{
    /// <summary>Adds the file of the directory that the program is started in, and the environment.</summary>
    public static T AddServerSources<T>(this T configuration)
        where T : IConfigurationBuilder
    {
        configuration.AddJsonFile(Path.Combine(Environment.CurrentDirectory, "appsettings.json"), optional: true);
        configuration.AddEnvironmentVariables();
        return configuration;
    }

    /// <summary>A builder with all sources.</summary>
    /// <param name="settings">What goes before environment and files, by configuration key.</param>
    /// <exception cref="InvalidDataException">A file is no JSON.</exception>
    public static WebApplicationBuilder CreateBuilder(Dictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddServerSources();
        builder.Configuration.AddInMemoryCollection(settings);
        return builder;
    }

    /// <summary>Has <paramref name="files"/> take the place of every <c>appsettings.json</c>.</summary>
    /// <exception cref="InvalidDataException">A file is no JSON.</exception>
    public static void ReplaceFiles(this ConfigurationManager configuration, IReadOnlyList<FileInfo> files)
    {
        IList<IConfigurationSource> sources = configuration.Sources;
        foreach (var source in sources.OfType<JsonConfigurationSource>().ToList())
        {
            sources.Remove(source);
        }

        foreach (var (index, file) in files.Index())
        {
            var source = new JsonConfigurationSource { Path = file.FullName };
            source.ResolveFileProvider();
            sources.Insert(index, source);
        }
    }
}
