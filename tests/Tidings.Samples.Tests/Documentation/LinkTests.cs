using System.Text.RegularExpressions;

namespace Tidings.Samples.Tests.Documentation;

public sealed partial class LinkTests
{
    [Fact]
    public void Each_relative_link_leads_to_a_file_and_a_heading()
    {
        var anchors = MarkdownPage.All.ToDictionary(static page => Path.Combine(MarkdownPage.Root, page.Name), static page => page.Anchors);
        var broken = from page in MarkdownPage.All.Concat(MarkdownPage.OfPackages)
                     from link in page.Links
                     where !Path.Exists(link.Path) || (link.Anchor.Length > 0 && anchors.TryGetValue(link.Path, out var headings) && !headings.Contains(link.Anchor))
                     select $"{page.Name}: {link.Link}";
        Assert.True(!broken.Any(), string.Join('\n', broken));
    }

    [Fact]
    public void Each_section_that_code_names_is_there()
    {
        var anchors = MarkdownPage.All.ToDictionary(static page => page.Name, static page => page.Anchors);
        var named = from folder in new[] { "src", Path.Combine("clients", "js", "src") }
                    from path in Directory.GetFiles(Path.Combine(MarkdownPage.Root, folder), "*.*", SearchOption.AllDirectories)
                    where Path.GetExtension(path) is ".cs" or ".js" or ".html"
                    from match in Section().Matches(File.ReadAllText(path))
                    select (Path.GetRelativePath(MarkdownPage.Root, path), Page: match.Groups["page"].Value, Anchor: match.Groups["anchor"].Value, Title: match.Groups["title"].Value);
        var sections = named.ToList();
        Assert.InRange(sections.Count, 10, 1000);
        Assert.DoesNotContain(sections, section => !anchors.TryGetValue(section.Page, out var headings)
            || !headings.Contains(section.Anchor.Length > 0 ? section.Anchor : section.Title.ToLowerInvariant().Replace(' ', '-')));
    }

    // docs/page.md#section, and (docs/page.md, "Section").
    [GeneratedRegex("(?<page>docs/[a-z/-]+\\.md)(?:#(?<anchor>[a-z0-9-]+)|, (?:\"|&quot;|“)(?<title>[^\"&”]+))")]
    private static partial Regex Section();

    [Fact]
    public void The_index_lists_each_page_of_the_documentation()
    {
        var index = MarkdownPage.All.Single(static page => page.Name == Path.Combine("docs", "README.md"));
        var listed = index.Links.Select(static link => link.Path).ToHashSet(StringComparer.Ordinal);
        var missing = from page in MarkdownPage.All
                      where page != index && !listed.Contains(Path.Combine(MarkdownPage.Root, page.Name))
                      select page.Name;
        Assert.True(!missing.Any(), string.Join('\n', missing));
    }

    [Fact]
    public void Each_picture_is_shown_somewhere()
    {
        var shown = MarkdownPage.All.SelectMany(static page => page.Links).Select(static link => link.Path).ToHashSet(StringComparer.Ordinal);
        var forgotten = from path in Directory.GetFiles(Path.Combine(MarkdownPage.Root, "docs"), "*", SearchOption.AllDirectories)
                        where Path.GetExtension(path) != ".md" && !shown.Contains(path)
                        select path;
        Assert.True(!forgotten.Any(), string.Join('\n', forgotten));
    }
}
