using System.Collections.Frozen;
using System.Reflection;
using Tidings.AspNetCore.Script;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>The files of the dashboard's page. Their addresses are relative, so that they are right behind any proxy; those of the pages themselves begin with the last part of where the dashboard stands.</summary>
internal static class DashboardFiles
{
    private const string Prefix = "Tidings.AspNetCore.Dashboard.Page.";
    private const string At = "{{at}}";
    private const string Page = "index.html";
    private const string SignInPage = "sign-in.html";

    private static readonly FrozenDictionary<string, EmbeddedFile> Files =
        Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(static name => name[Prefix.Length..], static name => EmbeddedFile.Read(Assembly.GetExecutingAssembly(), name), StringComparer.Ordinal);

    private static readonly string PageHtml = EmbeddedFile.ReadText(Assembly.GetExecutingAssembly(), Prefix + Page);
    private static readonly string SignInHtml = EmbeddedFile.ReadText(Assembly.GetExecutingAssembly(), Prefix + SignInPage);

    /// <summary>The page.</summary>
    /// <param name="at">Where its files stand, relative to it.</param>
    public static EmbeddedFile Index(string at) => EmbeddedFile.OfText(Page, PageHtml.Replace(At, at, StringComparison.Ordinal));

    public static EmbeddedFile? Find(string name) => name is not (Page or SignInPage) ? Files.GetValueOrDefault(name) : null;

    /// <summary>The page to sign in with.</summary>
    /// <param name="at">Where the dashboard's files stand, relative to the page.</param>
    /// <param name="note">A fixed text of this program, without markup; or empty.</param>
    /// <param name="form">Whether there is a key to sign in with.</param>
    /// <param name="provider">Whether there is a provider to sign in at.</param>
    public static string SignIn(string at, string note, bool form, bool provider) =>
        SignInHtml.Replace(At, at, StringComparison.Ordinal).Replace("{{note}}", note, StringComparison.Ordinal).Replace("{{form}}", form ? "" : "hidden", StringComparison.Ordinal)
            .Replace("{{provider}}", provider ? "" : "hidden", StringComparison.Ordinal);
}
