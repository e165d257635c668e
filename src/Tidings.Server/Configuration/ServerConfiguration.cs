namespace Tidings.Server.Configuration;

/// <summary>Where options come from, besides the command line.</summary>
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
}
