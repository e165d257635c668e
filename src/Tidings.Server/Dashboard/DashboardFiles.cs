using System.Collections.Frozen;
using System.Reflection;
using Tidings.AspNetCore.Script;

namespace Tidings.Server.Dashboard;

/// <summary>The files of the dashboard's page, and those that it shares with the start page.</summary>
internal static class DashboardFiles
{
    private const string Own = "Tidings.Server.Dashboard.Page.";
    private const string Page = "index.html";
    private const string SignInPage = "sign-in.html";

    private static readonly string[] Shared = ["theme.css", "dom.js", "tabs.js", "logo.svg"];
    private static readonly FrozenDictionary<string, EmbeddedFile> Files = Load();
    private static readonly string SignInHtml = EmbeddedFile.ReadText(Assembly.GetExecutingAssembly(), Own + SignInPage);

    public static EmbeddedFile Index => Files[Page];

    public static EmbeddedFile? Find(string name) => name is not (Page or SignInPage) ? Files.GetValueOrDefault(name) : null;

    /// <summary>The page to sign in with.</summary>
    /// <param name="at">Where the dashboard's files stand, relative to the page.</param>
    /// <param name="note">A fixed text of this program, without markup; or empty.</param>
    /// <param name="form">Whether there is a key to sign in with.</param>
    /// <param name="provider">Whether there is a provider to sign in at.</param>
    public static string SignIn(string at, string note, bool form, bool provider) =>
        SignInHtml.Replace("{{at}}", at, StringComparison.Ordinal).Replace("{{note}}", note, StringComparison.Ordinal).Replace("{{form}}", form ? "" : "hidden", StringComparison.Ordinal)
            .Replace("{{provider}}", provider ? "" : "hidden", StringComparison.Ordinal);

    private static FrozenDictionary<string, EmbeddedFile> Load() =>
        Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(static name => name.StartsWith(Own, StringComparison.Ordinal))
            .Select(static name => KeyValuePair.Create(name[Own.Length..], Read(name)))
            .Concat(Shared.Select(static name => KeyValuePair.Create(name, Read("Tidings.Server.Pages." + name))))
            .ToFrozenDictionary(StringComparer.Ordinal);

    private static EmbeddedFile Read(string name) => EmbeddedFile.Read(Assembly.GetExecutingAssembly(), name);
}
