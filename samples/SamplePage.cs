namespace Tidings.Samples;

/// <summary>The page of a sample, and its style sheet.</summary>
internal static class SamplePage
{
    /// <summary>Serves <c>page.html</c> at <c>/</c>, the JavaScript client and the style sheet beside it.</summary>
    public static void MapPage(this WebApplication app)
    {
        Serve("/", "page.html", "text/html; charset=utf-8");
        app.MapTidingsScript();
        Serve("/theme.css", "theme.css", "text/css; charset=utf-8");

        void Serve(string route, string name, string type) =>
            app.MapGet(route, () => TypedResults.Stream(typeof(SamplePage).Assembly.GetManifestResourceStream(name)!, type)).AllowAnonymous();
    }
}
